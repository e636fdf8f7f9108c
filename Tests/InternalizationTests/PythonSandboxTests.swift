import Foundation
import Testing

@testable import Internalization

@Suite("Programs in the sandbox")
struct PythonSandboxTests {
    private static func sandbox() throws -> PythonSandbox {
        var limits = PythonSandbox.Limits()
        limits.cpuSeconds = 2
        limits.wallSeconds = 15
        limits.memoryBytes = 256 << 20
        return try PythonSandbox(limits: limits)
    }

    @Test("a right program ends with status 0, a wrong one with another, and both may use files of their own")
    func ordinary() throws {
        let sandbox = try Self.sandbox()
        #expect(try sandbox.run("import re, math, heapq, collections\nassert math.isqrt(17) == 4") == .exited(0))
        #expect(try sandbox.run("assert 1 == 2") == .exited(1))
        #expect(try sandbox.run("open('a', 'w').write('x' * 1000)\nassert len(open('a').read()) == 1000") == .exited(0))
        #expect(
            try sandbox.run("import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()") == .exited(0))
        #expect(try sandbox.run("import sys\nsys.exit(7)") == .exited(7))
    }

    private static let outside = FileManager.default.temporaryDirectory.path + "/promptintern-escape-\(UUID())"

    /// Programs that end with status 0 only if what they try is refused.
    static let refused = [
        "socket": "import socket\nsocket.socket()",
        "name lookup":
            "import socket\nsocket.getaddrinfo('localhost', 80)\nsocket.create_connection(('127.0.0.1', 80))",
        "unix socket": "import socket\nsocket.socketpair()",
        "fork": "import os\nos.fork()",
        "subprocess": "import subprocess\nsubprocess.run(['/bin/true'])",
        "write outside": "open('\(outside)', 'w')",
        "write above": "open('../promptintern-escape', 'w')",
        "append to a device": "open('/dev/null', 'a')",
        "remove outside": "import os\nos.rename('..', '../../elsewhere')",
        "link outward": "import os\nos.symlink('/etc', 'etc')\nopen('etc/promptintern-escape', 'w')",
        "read outside": "open('/etc/passwd').read()",
        "list outside": "import os\nos.listdir('/etc')",
        "change a mode": "import os\nos.chmod('.', 0o777)",
        "signal the parent": "import os\nos.kill(os.getppid(), 0)",
        "signal all": "import os\nos.kill(-1, 0)",
        "raise a limit": "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (100, 100))",
        "other namespaces": "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0",
        "trace": "import ctypes\nassert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
    ]

    @Test("what reaches outside is refused", arguments: refused.keys.sorted())
    func refuses(_ name: String) throws {
        let tried = try #require(Self.refused[name]).split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
        let program =
            "try:\n\(tried)\nexcept (OSError, ValueError, AssertionError):\n    pass\nelse:\n    raise SystemExit(9)"
        #expect(try Self.sandbox().run(program) == .exited(0))
        #expect(!FileManager.default.fileExists(atPath: Self.outside))
    }

    @Test("endless work, memory and files end at their limits")
    func limits() throws {
        let sandbox = try Self.sandbox()
        #expect(try sandbox.run("while True: pass") == .signaled(24))
        #expect(try sandbox.run("x = bytearray(1 << 30)") == .exited(1))
        // Python ignores SIGXFSZ, so that the write fails instead.
        #expect(try sandbox.run("open('big', 'wb').write(b'x' * (8 << 20))") == .exited(1))
        #expect(try sandbox.run("f = [open('program.py') for _ in range(1000)]") == .exited(1))
        #expect(try sandbox.run("import signal\nsignal.signal(24, signal.SIG_IGN)\nwhile True: pass") == .signaled(9))
    }

    @Test("a program that sleeps is killed at the limit on the clock")
    func clock() throws {
        var limits = PythonSandbox.Limits()
        limits.wallSeconds = 1
        let start = ContinuousClock.now
        #expect(try PythonSandbox(limits: limits).run("import time\ntime.sleep(600)") == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("nothing is left of a program's folder")
    func cleansUp() throws {
        func folders() throws -> Set<String> {
            let folder = FileManager.default.temporaryDirectory.path
            return Set(
                try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("promptintern-") })
        }
        let before = try folders()
        _ = try Self.sandbox().run("import os\nos.makedirs('a/b/c')\nopen('a/b/c/d', 'w').write('x')")
        #expect(try folders().subtracting(before).isEmpty)
    }

    @Test("an interpreter that is not there is named")
    func noInterpreter() {
        let error = #expect(throws: InternalizationError.self) { try PythonSandbox(python: "/nowhere/python3") }
        #expect(error?.description.contains("/nowhere/python3") == true)
    }

    @Test("tests run after setup and solution; a fence around the answer does not matter")
    func passAtOne() throws {
        let line = """
            {"query": "Add.", "answer": "def add(a, b):\\n    return a + b", "task_id": 3, "split": "test",
             "tests": ["assert add(one, 2) == 3"], "setup": "one = add(1, 0)", "challenge_tests": []}
            """
        let task = try JSONDecoder().decode(ProgramTask.self, from: Data(line.utf8))
        let answers = [
            task.answer, "```python\n\(task.answer)\n```", "def add(a, b):\n    return a", "while True: pass", "",
        ]
        let result = try PassAtOne(
            tasks: answers.map { _ in task }, answers: answers, sandbox: try Self.sandbox(), threads: 2)
        #expect(result.outcomes == [.exited(0), .exited(0), .exited(1), .signaled(24), .exited(1)])
        #expect(result.passed == 2)
        #expect(task.row.query == "Add.\nassert add(one, 2) == 3" && task.row.group == "3")
    }
}
