"""Holds the table of src/report/printable.cpp against Python's copy of the Unicode data.

Every character that is a control, a format character, a separator of lines or paragraphs, a
surrogate or for private use must be in it, and no letter, digit, sign of punctuation or symbol.
"""

import pathlib
import re
import sys
import unicodedata

TABLE = pathlib.Path(__file__).resolve().parents[2] / "src/report/printable.cpp"
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Letters by category, and yet invisible: Default_Ignorable_Code_Point.
FILLERS = {0x115F, 0x1160, 0x3164, 0xFFA0}


def ranges():
    found = re.findall(r"code_range\{0x([0-9a-f]+), 0x([0-9a-f]+)\}", TABLE.read_text("utf-8"))
    return [(int(first, 16), int(last, 16)) for first, last in found]


def main():
    table = ranges()
    faults = []
    if any(a[1] >= b[0] for a, b in zip(table, table[1:])) or not table:
        faults.append("the ranges are not in ascending order")
    inside = {code for first, last in table for code in range(first, last + 1)}
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category in UNSEEN and code not in inside:
            faults.append(f"U+{code:04X} ({category}) is missing")
        if category[0] in "LNPS" and code in inside and code not in FILLERS:
            faults.append(f"U+{code:04X} ({category}) is visible")
    for fault in faults:
        print(f"{TABLE.name}: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
