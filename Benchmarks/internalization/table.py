"""Prints the reports of house-books.sh as Markdown tables: table.py FOLDER."""

import glob
import json
import os
import sys


def main() -> None:
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.json"))):
        if path.endswith(".items.json"):
            continue
        report = json.load(open(path, encoding="utf-8"))
        print(f"\n{os.path.basename(path)[:-5]}\n")
        print("| arm | exact % | range | char BLEU | prompt tokens | first token ms | total ms | cached total | n |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
        for name, arm in sorted(report["arms"].items()):
            seeds = [seed["metrics"]["exact"] for seed in arm.get("seeds", [])]
            span = f"{min(seeds):.1f} to {max(seeds):.1f}" if len(seeds) > 1 else ""
            times = arm.get("latency") or {}
            cells = [name, f"{arm['exact']:.2f}", span, f"{arm['char_bleu']:.2f}", f"{arm['meanPromptTokens']:.1f}"]
            cells += [f"{times[key]:.1f}" if key in times else "" for key in ("firstToken", "total", "cachedTotal")]
            print("| " + " | ".join(cells + [str(arm["n"])]) + " |")
        for pair in report["differences"]:
            first, second = pair["arms"]
            print(f"\n{first} - {second}: {pair['difference']:+.2f} ({pair['low']:+.2f} to {pair['high']:+.2f})")
        for row in report.get("forgetting", []):
            print(f"\nedited template: {row['arm']} {row['percent']:.2f} % of {row['n']}")


if __name__ == "__main__":
    main()
