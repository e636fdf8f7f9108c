"""Shortens texts with LLMLingua-2 for promptintern's `command` compressor.

In recipe.yaml:

    compressor:
      command: [python3, integrations/llmlingua/compress.py]

Reads JSON lines {"text": ..., "rate": ...} and writes JSON lines {"text": ...}, in order. Needs `pip install llmlingua`
and, at its first start, the model from its publisher (about 700 MB for the small one).
"""

import argparse
import contextlib
import json
import sys

MODEL = "microsoft/llmlingua-2-bert-base-multilingual-cased-meetingbank"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=MODEL, help="model name or folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--force-token", action="append", default=["\n", "."], help="token to keep; may be repeated")
    options = parser.parse_args()
    # The library prints to standard output, which is for answers only.
    with contextlib.redirect_stdout(sys.stderr):
        from llmlingua import PromptCompressor

        compressor = PromptCompressor(model_name=options.model, use_llmlingua2=True, device_map=options.device)
    for line in sys.stdin:
        if not line.strip():
            continue
        request = json.loads(line)
        with contextlib.redirect_stdout(sys.stderr):
            result = compressor.compress_prompt(
                request["text"], rate=request["rate"], force_tokens=options.force_token, force_reserve_digit=True
            )
        print(json.dumps({"text": result["compressed_prompt"]}), flush=True)


if __name__ == "__main__":
    main()
