"""Writes Tests/EngineTests/Fixtures/safetensors.json: crafted safetensors files, what the engine's error must say about
each (empty: it must accept the file), and whether the safetensors package for Python accepts it.

Needs (scratch environment): safetensors, numpy.
Usage: python Tools/safetensors_reference.py [OUTPUT_FILE]
"""

import json
import struct
import sys
import tempfile

from safetensors import safe_open

OUTPUT = sys.argv[1] if len(sys.argv) > 1 else "Tests/EngineTests/Fixtures/safetensors.json"
GOOD = ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},'
        '"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}}')

# The header after its 8 bytes of length, the number of data bytes, and a part of the error.
CASES = [
    (GOOD, 12, ''),
    (GOOD + '   ', 12, ''),
    ('{}', 0, ''),
    ('{"__metadata__":{"format":"pt"}}', 0, ''),
    ('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4, ''),
    ('{"a":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]}}', 0, ''),
    ('{ "a" : { "data_offsets" : [ 0 , 2 ] , "shape" : [ 1 ] , "dtype" : "F16" } }', 2, ''),
    ('{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 8, ''),
    ('{"h\\u00e9\\ud83d\\ude00 \u00df":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', 2, ''),
    ('{"":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}', 4, ''),
    (' ' + GOOD, 12, "'{'"),
    (GOOD + '\0', 12, 'after the header'),
    (GOOD, 11, 'do not fit'),
    (GOOD, 13, 'no tensor covers'),
    (GOOD, 0, 'do not fit'),
    ('{"a":' * 20_000, 0, 'unknown member'),
    ('[' * 100_000, 0, "'{'"),
    ('{"a":{"dtype":"F32","shape":[' + '1,' * 1000 + '1],"data_offsets":[0,4]}}', 4, '64 numbers'),
    ('', 12, "'{'"),
    ('[]', 0, "'{'"),
    ('null', 0, "'{'"),
    ('{', 0, 'expected'),
    ('{}', 12, 'no tensor covers'),
    ('{}x', 0, 'after the header'),
    ('{}{}', 0, 'after the header'),
    ('{"a":1}', 0, "'{' is expected"),
    ('{"a":null}', 0, "'{' is expected"),
    ('{"a":{}}', 0, 'lacks'),
    ('{a:{}}', 0, '\'"\' is expected'),
    ('{"a" {}}', 0, "':' is expected"),
    ('{"a":{"dtype":"F32","shape":[1]}}', 4, 'lacks'),
    ('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4, 'lacks'),
    ('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4, 'lacks'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],}}', 4, 'is expected'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}', 4, 'is expected'),
    ('{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}', 4, 'whole number'),
    ('{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}', 4, "'[' is expected"),
    ('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4, 'whole number'),
    ('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4, "']' is expected"),
    ('{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', 4, "']' is expected"),
    ('{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}', 4, 'starts with 0'),
    ('{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}', 4, 'whole number'),
    ('{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}', 4, 'whole number'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', 4, 'two numbers'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4, 'two numbers'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[]}}', 4, 'two numbers'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', 4, 'do not fit'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}', 8, 'needs 4 bytes'),
    ('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', 8, 'needs 12 bytes'),
    ('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}', 0, 'needs 4 bytes'),
    ('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4]}}', 4, 'needs 0 bytes'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}', 4, 'do not fit'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}}', 4, 'too large'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,4]}}', 4, 'too large'),
    ('{"a":{"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,4]}}', 4, 'too large'),
    ('{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}', 0, 'overflows'),
    ('{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}', 0, 'overflows'),
    ('{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}', 4, '8 dimensions'),
    ('{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', 8, 'I64'),
    ('{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1, 'F8_E4M3'),
    ('{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}', 4, 'f32'),
    ('{"a":{"dtype":"","shape":[1],"data_offsets":[0,4]}}', 4, 'dtype'),
    ('{"a":{"dtype":3,"shape":[1],"data_offsets":[0,4]}}', 4, '\'"\' is expected'),
    ('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, 'dtype twice'),
    ('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4, 'shape twice'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}', 4, 'data_offsets twice'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', 4, 'unknown member'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8, 'appears twice'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8, 'appears twice'),
    ('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8, 'overlaps'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, 'overlaps'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}', 12, 'gap'),
    ('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8, 'gap'),
    ('{"__metadata__":{"a":"1","a":"2"}}', 0, 'twice'),
    ('{"__metadata__":{},"__metadata__":{}}', 0, 'twice'),
    ('{"__metadata__":{"a":1}}', 0, '\'"\' is expected'),
    ('{"__metadata__":[]}', 0, "'{' is expected"),
    ('{"__metadata__":{"a":{}}}', 0, '\'"\' is expected'),
    ('{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, 'surrogate'),
    ('{"\\ud800\\u0041":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, 'surrogate'),
    ('{"\\udc00":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, 'surrogate'),
    ('{"\\x41":{}}', 0, 'escape'),
    ('{"\\u00g1":{}}', 0, 'hexadecimal'),
    ('{"a\nb":{}}', 0, 'control character'),
    ('{"a', 0, 'does not end'),
    ('{"a\\', 0, 'does not end'),
    ('{"a\\u12', 0, 'does not end'),
]


def accepts(header, data):
    encoded = header.encode()
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded + bytes(i % 256 for i in range(data)))
        file.flush()
        try:
            with safe_open(file.name, framework="np") as opened:
                list(opened.keys())
            return True
        except Exception:
            return False


def main():
    rows = []
    for header, data, says in CASES:
        row = {"data": data, "says": says, "python": accepts(header, data)}
        if len(header) < 1000:
            row["header"] = header
        else:
            # Long headers are a piece repeated between two ends.
            piece = '{"a":' if header.startswith('{"a":{"a"') else "[" if header[0] == "[" else "1,"
            start, end = header.index(piece), header.rindex(piece) + len(piece)
            row.update(header=header[:start], piece=piece, count=(end - start) // len(piece), end=header[end:])
            assert row["header"] + piece * row["count"] + row["end"] == header
        rows.append(row)
    with open(OUTPUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, sort_keys=True) for row in rows) + "\n]\n")


main()
