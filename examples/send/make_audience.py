#!/usr/bin/env python3
# send/make_audience - an audience for the demo: the same rows for the same count, bad rows on purpose.
#
# make_audience.py COUNT AUDIENCE.csv EXPECTED
#
# Numbers are in US and Canadian area codes, exchange 555; no number comes twice. EXPECTED gets shell assignments of
# what must come out: rows=, bad_rows= (cannot be read), bad_numbers= (read, and refused by the library).
import sys

AREA_CODES = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 "
    "253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 "
    "321 323 330 334 336 337 339 347 351 352 360 361 385 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 "
    "204 226 236 249 250 289 306 343 365 403 416 418 431 437 438 450 506 514 519 548 579 581 587 604 613 639 647 705 "
    "709 778 780 782 807 819 825 867 873 902 905"
).split()
NAMES = (
    "Ann", "José", "Zoë", "Łukasz", "Siobhán", "Nguyễn", "Олена", "李", "さくら", "مريم", "Δήμητρα", "O'Neil", 'Bob "Bo"',
    "Smith, Jr.", "Anne-Marie", "😀 Sam", "", "  Max ", "Jean\nLuc",
)
CITIES = ("New York", "Montréal", "Québec, QC", "St. John's", "Cañon City", "Toronto", "Winston-Salem", "Portland")


def field(text):
    """RFC 4180: quoted when it must be, and sometimes when it need not."""
    if any(c in text for c in ',"\r\n') or len(text) % 7 == 3:
        return '"' + text.replace('"', '""') + '"'
    return text


def number(i):
    """The i-th number: every area code once, then the next line number; spread so that endings vary."""
    area = AREA_CODES[i % len(AREA_CODES)]
    line = f"{i // len(AREA_CODES) * 7919 % 10000:04}"
    return (f"+1{area}555{line}", f"+1 ({area}) 555-{line}", f"001{area}555{line}", f"+1-{area}-555-{line}")[i % 4]


BAD_NUMBERS = ("212-555-0123", "+1 112 555 0123", "+1212555012", "+1 212 555 01234", "+1 (212) 555-01x3", "call me")
BAD_ROWS = (
    '+12125550199,Ann,"Toronto" x,9.99',  # text after a quote
    "+12125550199,Ann,Toronto",  # a field too few
    "+12125550199,Ann,Toronto,9.99,more",  # a field too many
    '+12125550199,Ann "A",Toronto,9.99',  # a quote in an unquoted field
    '+12125550199,"Ann,Toronto,9.99',  # a quote that is never closed: the next row's opening quote gives it away
    ",Ann,Toronto,9.99",  # no number
)


def main():
    count, audience, expected = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    if count > len(AREA_CODES) * 10000:
        sys.exit("make_audience: not so many numbers here")
    bad_rows = bad_numbers = 0
    with open(audience, "w", encoding="utf-8", newline="") as out:
        out.write("\ufeffphone,First name,City,Price\r\n")
        for i in range(count):
            if i % 1009 == 500:
                # the row behind must open a quote, or an unclosed one would reach further than its own line
                out.write(BAD_ROWS[bad_rows % len(BAD_ROWS)] + "\r\n")
                bad_rows += 1
                continue
            to = number(i)
            if i % 499 == 250:
                to = BAD_NUMBERS[bad_numbers % len(BAD_NUMBERS)]
                bad_numbers += 1
            follows_bad_row = i % 1009 == 501
            name = "Ann" if follows_bad_row else NAMES[i * 31 % len(NAMES)]
            city = CITIES[i * 17 % len(CITIES)]
            price = f"{5 + i % 90}.{i % 100:02}"
            quoted_name = f'"{name}"' if follows_bad_row else field(name)
            out.write(",".join((to, quoted_name, field(city), price)) + "\r\n")
    with open(expected, "w", encoding="utf-8") as out:
        out.write(f"rows={count}\nbad_rows={bad_rows}\nbad_numbers={bad_numbers}\n")


main()
