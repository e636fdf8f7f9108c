import Testing

@testable import Internalization

@Suite("Normal forms of commands")
struct BashTemplateTests {
    @Test(
        "a command gets the form that the data gives it",
        arguments: [
            ("find . -type f", "find Path -type f"),
            ("find / -name '*.old' -mtime +30 -delete", "find Path -name Regex -mtime +Timespan -delete"),
            ("find -newer ordinary_file", "find Path -newer File"),
            ("find . -name \\*.php -exec grep -Hn '$t' {} \\+", "find Path -name Regex -exec grep -H -n Regex {} +"),
            ("find . -exec rm -i {} ;", "find Path -exec rm -i {} \\;"),
            ("find a b -not -name x -o -size +2M", "find Path Path -not -name Regex -or -size +Size"),
            (
                "find . \\( -name x \\) -a \\( -name y -o -name z \\)",
                "find Path -name Regex -and \\( -name Regex -or -name Regex \\)"
            ),
            ("find /var -print0 | xargs -0 ls -lSh", "find Path -print0 | xargs -0 -I {} ls -l -S -h {}"),
            ("find . | xargs -I% mv % /srv", "find Path | xargs -I {} mv {} File"),
            ("cat a | cut -d' ' -f2- | head -5", "cat File | cut -d Regex -f Number | head - Quantity"),
            ("grep -e a -e b file", "grep -e Regex -e Regex File"),
            ("tar xzf a.tgz -C /srv", "tar -x -z -f File -C Directory"),
            ("sudo chown -R root:root /srv", "chown -R Regex File"),
            ("chmod -x *", "chmod -Permission File"),
            ("comm -12 <(sort a) <(sort b)", "comm -1 -2 <( sort File ) <( sort File )"),
            ("cat `find . -name '*.foo'`", "cat $( find Path -name Regex )"),
            ("n=$(who | wc -l)", "who | wc -l"),
            ("echo a -n b", "echo Regex Regex Regex"),
        ])
    func form(command: String, form: String) {
        #expect(BashTemplate.of(command) == form)
    }

    @Test(
        "lists, loops, redirections, unknown programs and unfinished quotes have no form",
        arguments: [
            "", "   ", "cd a && ls", "ls > out", "for f in *; do echo $f; done", "awk '{print $1}' f", "echo 'a",
            "ls |",
            "find . -exec", "echo $(", "cat `ls", "frobnicate x", "| ls", "xargs -I", "x=1",
        ])
    func noForm(command: String) {
        #expect(BashTemplate.of(command) == nil)
    }

    @Test("nesting too deep to read ends without a form, and no text ends the program")
    func anyText() {
        var nested = "ls"
        for _ in 0..<40 { nested = "echo $(\(nested))" }
        #expect(BashTemplate.of(nested) == nil)
        let signs = Array("find xargs -I{} -exec \\;+()|<>$`'\"#-o! = tar grep \u{2019}")
        var state: UInt64 = 20_261_121
        for _ in 0..<3_000 {
            var text = ""
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(signs[Int(state >> 33) % signs.count])
            }
            // Whatever comes out, it is one line of words.
            #expect(BashTemplate.of(text)?.contains("\n") != true)
        }
    }
}
