/// What the words of a utility are: the types of its arguments and of its flags' values.
struct BashGrammar {
    /// A flag's value: its type, and whether it takes the place of the first argument (as in `grep -e`).
    struct Value {
        let type: String
        let replacesFirst: Bool
    }

    /// Types of the arguments; the last one goes on.
    let arguments: [String]
    let flags: [String: Value]

    /// The grammar of a utility; nil for one that is not known.
    static func of(_ utility: String) -> BashGrammar? { table[utility] }

    /// Utilities that are another one with a flag.
    static let synonyms = ["egrep": ("grep", "-E"), "fgrep": ("grep", "-F")]

    /// The type that stands for "as it is written".
    static let literal = "="

    /// One utility a line: its name, the types of its arguments, and its flags that have values. `!` after a value:
    /// it takes the place of the first argument.
    private static let text = """
        find Path -name:Regex -iname:Regex -path:Regex -ipath:Regex -wholename:Regex -iwholename:Regex -regex:Regex \
        -iregex:Regex -lname:Regex -ilname:Regex -user:Regex -group:Regex -uid:Regex -gid:Regex -inum:Quantity \
        -links:Quantity -maxdepth:Quantity -mindepth:Quantity -mtime:Timespan -atime:Timespan -ctime:Timespan \
        -mmin:Quantity -amin:Quantity -cmin:Quantity -used:Timespan -size:Size -perm:Permission -newer:File \
        -anewer:File -cnewer:File -samefile:Regex -newermt:Regex -newerct:Regex -newerat:Regex -newermm:Regex \
        -type:= -xtype:= -regextype:= -fstype:= -printf:= -fprint:File -fprint0:File -fls:File -fprintf:File,= \
        -context:Regex
        grep Regex File -e:Regex! -f:File! -m:Quantity -A:Quantity -B:Quantity -C:Quantity --include:Regex \
        --exclude:Regex --exclude-dir:Regex --color:= --max-count:Quantity -d:Regex --regexp:Regex! --file:File!
        zgrep Regex File
        sort File -k:Number -t:Regex -o:File -S:Size -T:Directory --key:Number --field-separator:Regex
        rm File
        echo Regex
        printf Regex
        ls File --time-style:= --color:= --format:= --sort:= -I:Regex --ignore:Regex --block-size:Size
        chmod Permission File --reference:File
        cut File -f:Number -d:Regex -c:Number -b:Number --delimiter:Regex --fields:Number --output-delimiter:Regex
        cat File
        wc File
        head File -n:Quantity -c:Quantity --lines:Quantity --bytes:Quantity
        tail File -n:Quantity -c:Quantity --lines:Quantity -s:Quantity --pid:Regex
        chown Regex File --from:Regex --reference:File
        chgrp Regex File --reference:File
        mkdir Directory -m:Permission --mode:Permission
        rmdir Directory
        tr Regex
        mv File -t:Directory --target-directory:Directory -S:Regex --suffix:Regex --backup:=
        cp File -t:Directory --target-directory:Directory -S:Regex --suffix:Regex --backup:= --preserve:=
        ln File Regex -t:Directory -S:Regex
        uniq File -f:Quantity -s:Quantity -w:Quantity --skip-fields:Quantity --check-chars:Quantity
        rsync File --exclude:Regex --include:Regex --filter:Regex -e:Regex --rsh:Regex --rsync-path:Program \
        --exclude-from:File --files-from:File --include-from:File --max-size:Size --bwlimit:Regex --chmod:Permission \
        --compare-dest:Directory --link-dest:Directory --backup-dir:Directory --log-file:File -f:Regex \
        --partial-dir:Directory --suffix:Regex --password-file:File --port:Regex --timeout:Quantity
        split File Regex -l:Quantity -b:Size -n:Quantity -a:Quantity --lines:Quantity --bytes:Size \
        --suffix-length:Quantity -C:Size --additional-suffix:Regex --number:Quantity --filter:Program
        dirname Regex
        basename Regex -s:Regex -a:Regex
        read Regex -p:Regex -n:Quantity -N:Quantity -t:Quantity -d:Regex -i:Regex -u:Regex -a:Regex
        readlink File
        rev File
        tee File
        which Regex
        whereis Regex
        type Regex
        diff File -x:Regex -U:Quantity -W:Quantity --exclude:Regex -I:Regex --width:Quantity \
        --line-format:Regex --old-line-format:Regex --new-line-format:Regex --unchanged-line-format:Regex -X:File
        cmp File
        ssh Regex command -o:= -L:Regex -R:Regex -D:Regex -i:File -p:Regex -S:Path -O:Regex -l:Regex -c:Regex -F:File
        scp File -P:Regex -i:File -o:= -l:Regex -c:Regex
        tar File -f:File -C:Directory -I:File -T:File -X:File --exclude:Regex --file:File --directory:Directory \
        --strip-components:Quantity --files-from:File --transform:Regex --to-command:Program
        date = -d:Regex --date:Regex -r:File -I:= --rfc-3339:= -s:Regex -f:File
        pwd Regex
        cd Directory
        comm File --output-delimiter:Regex
        shopt =
        set Regex -o:=
        mount Regex Regex -o:= -t:=
        umount Regex -t:=
        df File -B:Size --block-size:Size -t:Regex -x:Regex
        du File -d:Quantity --max-depth:Quantity -B:Size --exclude:Regex -t:Size --block-size:Size
        md5sum File
        sha1sum File
        md5 File
        rename Regex File
        mktemp Regex -p:Directory --tmpdir:Directory --suffix:Regex -t:Regex
        gzip Regex -S:Regex
        gunzip Regex
        bzip2 File
        bunzip2 File
        zip Regex
        unzip Regex -d:Directory
        zcat Regex
        join File -t:Regex -o:= -a:Quantity -1:Regex -2:Regex -j:Regex -v:Quantity -e:Regex
        cpio Regex -O:File -F:File -H:Regex
        file File -f:File -F:Regex -m:File
        whoami File
        nl File -n:= -w:Quantity -s:Regex -b:= -v:Number -i:Number
        dig Regex -x:Regex -f:File -t:Regex -p:Regex
        od File -t:= -A:= -w:Size -j:Size -N:Size
        hostname Regex
        yes Regex
        paste File -d:Regex
        tree Directory -L:Number -I:Regex -P:Regex -o:File -H:Regex --filelimit:Number
        seq Number -s:Regex -f:= -w:Number
        history Quantity -d:Regex -a:File
        uname File
        ifconfig Regex
        column File -s:Regex -c:Quantity -t:File -x:File
        ping Regex -c:Quantity -i:Quantity -W:Quantity -w:Quantity -s:Size -I:Regex -t:Quantity
        touch File -d:Regex -t:DateTime -r:File --date:Regex
        crontab File -u:Regex
        env Program -u:Regex
        fold File -w:Quantity
        tac File -s:Regex
        bind Regex -f:File -x:Regex -p:Regex
        who File
        w Regex
        pstree Regex
        ps Regex -p:Regex -o:Regex -u:Regex -C:Regex -U:Regex
        kill Regex -s:Regex
        pkill Regex
        pgrep Regex
        top Regex -p:Regex -n:Quantity -d:Quantity -u:Regex
        su Regex -c:Regex
        bash File -c:command
        sh File -c:command
        source File
        man Regex
        finger Regex
        groups Regex
        id Regex
        jobs Regex
        export Regex
        alias Regex
        wget Regex -O:File -P:Directory -i:File -o:File
        curl Regex -o:File
        screen Regex -S:Regex -r:Regex -X:command
        cal Regex
        sleep Quantity
        shred File -n:Quantity
        nohup Program
        exit Regex
        lpr File
        ssh-keygen Regex -P:Regex -f:File -t:Regex
        xxd File
        tput Regex
        strings File -n:Quantity
        stat File -c:Regex -f:Regex --format:Regex
        disown Regex
        false Regex
        true Regex
        popd Regex
        pushd Directory
        dirs Regex
        git Regex
        less File
        more File
        apropos Regex
        watch Regex -n:Quantity
        compress File
        info Regex
        bg Regex
        fg Regex
        """

    private static let table: [String: BashGrammar] = {
        var table: [String: BashGrammar] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            var flags: [String: Value] = [:]
            for word in words.dropFirst() where word.hasPrefix("-") {
                let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
                let replaces = parts[1].hasSuffix("!")
                flags[parts[0]] = Value(
                    type: replaces ? String(parts[1].dropLast()) : parts[1], replacesFirst: replaces)
            }
            table[words[0]] = BashGrammar(
                arguments: words.dropFirst().filter { !$0.hasPrefix("-") }, flags: flags)
        }
        return table
    }()
}
