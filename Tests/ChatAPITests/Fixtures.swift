/// Texts that several suites read.
enum Fixtures {
    /// A request with every kind of value, escapes, characters of every width and odd white space.
    static let request = Array(
        #"""
        {
          "model": "task-model", "x_vendor": {"b": 1.0, "a": [1e-7, -0.0, 12345678901234567890]},
          "messages": [
            {"role": "system", "content": "Rules:\n1. \"Be brief\".\n2. Use tab\t\u00e9 and \ud83d\ude00."} ,
            {"role":"user","content":[{"type":"text","text":"Größe 日本 😀"},{"type":"text","text":"second"}]},
            {"content":"last \u0022query\u0022","role":"user"}
          ],
          "temperature" : 0.25, "stop":["\n\n"], "max_tokens":64, "seed":-7, "stream":true, "user": null
        }
        """#.utf8)
}
