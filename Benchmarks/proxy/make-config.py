#!/usr/bin/env python3
"""Writes a configuration with everything on, for measuring the pass-through path.

usage: make-config.py FOLDER [--schemas 100] [--upstream http://127.0.0.1:9100/v1] [--listen 127.0.0.1:9300]
                      [--admin-listen 127.0.0.1:9301] [--key sk-bench] [--threads 1]

FOLDER/gateway.yaml names the given upstream, one client key, a ledger in `process` mode, and as many tasks as asked for,
each with a schema of its own whose template begins like the benchmark's prompts ("You are a"), so that recognition has
to look at them. None of them matches.
"""
import argparse, hashlib, pathlib

SCHEMA = """task: bench-{n:04d}
messages:
  - role: system
    parts:
      - template_file: head.txt
  - role: user
    parts:
      - template: "Question: "
      - query:
          maximum_bytes: 4000
"""

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--schemas", type=int, default=100)
parser.add_argument("--upstream", default="http://127.0.0.1:9100/v1")
parser.add_argument("--listen", default="127.0.0.1:9300")
parser.add_argument("--admin-listen", default="127.0.0.1:9301")
parser.add_argument("--key", default="sk-bench")
parser.add_argument("--threads", type=int, default=1, help="event loops; the proxy has one core")
options = parser.parse_args()

lines = [
    f"listen: {options.listen}",
    f"admin_listen: {options.admin_listen}",
    f"threads: {options.threads}",
    "client_keys:",
    f"  - sha256: {hashlib.sha256(options.key.encode()).hexdigest()}",
    "ledger:",
    "  file: ledger.sqlite",
    "  durability: process",
    "upstreams:",
    "  mock:",
    f"    base_url: {options.upstream}",
    "    key: sk-upstream",
]
if options.schemas:
    lines.append("tasks:")
for n in range(options.schemas):
    task = options.folder / "tasks" / f"bench-{n:04d}"
    task.mkdir(parents=True, exist_ok=True)
    (task / "schema.yaml").write_text(SCHEMA.format(n=n))
    head = f"You are a specialist for ledger {n}, and you answer with one formula.\n" + f"Rule {n} holds. " * 40
    (task / "head.txt").write_text(head)
    lines += [f"  - folder: tasks/bench-{n:04d}", "    mode: audit"]
(options.folder / "gateway.yaml").write_text("\n".join(lines) + "\n")
print(options.folder / "gateway.yaml")
