#!/usr/bin/env python3
"""Writes nfkc_table.inc: what of Unicode's NFKC touches [A-Za-z0-9_].

    python3 nfkc_table.py > nfkc_table.inc
"""

import re
import unicodedata


def ascii_of(code):
    """The character in NFKC, all that no identifier may hold as '_'; None where it is one such itself."""
    text = unicodedata.normalize("NFKC", chr(code))
    if not re.search("[A-Za-z0-9_]", text):
        return None
    return re.sub("[^A-Za-z0-9_]", "_", text)


def main():
    codes = [c for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000]
    texts = {c: t for c in codes if (t := ascii_of(c)) is not None}
    print(f"// Made by nfkc_table.py from Unicode {unicodedata.unidata_version}.")
    print("// clang-format off")
    print("constexpr AsciiRun ascii_runs[] = {  // code points that are consecutive letters or digits")
    code, alone = 0x80, []
    while code < 0x110000:
        count = 0
        while len(texts.get(code + count, "")) == 1 and (
            ord(texts[code + count]) == ord(texts[code]) + count
        ):
            count += 1
        if count > 1:
            print(f"    {{0x{code:x}, {count}, '{texts[code]}'}},")
        elif code in texts:
            alone.append(code)
        code += max(count, 1)
    print("};")
    print("constexpr AsciiText ascii_texts[] = {")
    for code in alone:
        print(f'    {{0x{code:x}, "{texts[code]}"}},')
    print("};")
    print("constexpr MarkedLetters marked_letters[] = {  // letters that make one character with a mark")
    for mark in codes:
        letters = "".join(
            letter
            for letter in map(chr, range(0x21, 0x7F))
            if letter.isalnum() and len(unicodedata.normalize("NFC", letter + chr(mark))) == 1
        )
        if letters:
            print(f'    {{0x{mark:x}, "{letters}"}},')
    print("};")
    print("// clang-format on")


if __name__ == "__main__":
    main()
