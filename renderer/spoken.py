"""Prices, sizes, units and the like → words, by language: what a voice should say for what a caption shows.

Number words come from num2words. Only what engines read wrongly or differently is rewritten; plain words pass through.
"""

import re
import unicodedata
from decimal import Decimal

NUM2WORDS = {"en", "es", "fr", "de", "it", "pt", "id", "vi", "th", "ja", "nl", "pl", "ru", "tr", "hi"}
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "฿": "THB", "₫": "VND", "₹": "INR", "Rp": "IDR", "US$": "USD",
         "CN¥": "CNY", "R$": "BRL", "RM": "MYR", "₱": "PHP", "₩": "KRW", "S$": "SGD", "A$": "AUD", "元": "CNY"}  # fmt: skip
# (one, many, hundredth one, hundredth many) by language; languages without plurals repeat the word.
MONEY: dict[str, dict[str, tuple[str, str, str, str]]] = {
    "en": {
        "USD": ("dollar", "dollars", "cent", "cents"), "EUR": ("euro", "euros", "cent", "cents"),
        "GBP": ("pound", "pounds", "penny", "pence"), "JPY": ("yen", "yen", "", ""), "THB": ("baht", "baht", "satang", "satang"),
        "VND": ("dong", "dong", "", ""), "INR": ("rupee", "rupees", "paisa", "paise"), "IDR": ("rupiah", "rupiah", "", ""),
        "CNY": ("yuan", "yuan", "fen", "fen"), "BRL": ("real", "reais", "centavo", "centavos"),
        "MYR": ("ringgit", "ringgit", "sen", "sen"), "PHP": ("peso", "pesos", "centavo", "centavos"),
        "KRW": ("won", "won", "", ""), "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
        "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    },
    "es": {"USD": ("dólar", "dólares", "centavo", "centavos"), "EUR": ("euro", "euros", "céntimo", "céntimos"),
           "GBP": ("libra", "libras", "penique", "peniques"), "MXN": ("peso", "pesos", "centavo", "centavos")},
    "fr": {"USD": ("dollar", "dollars", "cent", "cents"), "EUR": ("euro", "euros", "centime", "centimes")},
    "de": {"USD": ("Dollar", "Dollar", "Cent", "Cent"), "EUR": ("Euro", "Euro", "Cent", "Cent")},
    "it": {"USD": ("dollaro", "dollari", "centesimo", "centesimi"), "EUR": ("euro", "euro", "centesimo", "centesimi")},
    "pt": {"USD": ("dólar", "dólares", "centavo", "centavos"), "EUR": ("euro", "euros", "cêntimo", "cêntimos"),
           "BRL": ("real", "reais", "centavo", "centavos")},
    "id": {"USD": ("dolar", "dolar", "sen", "sen"), "IDR": ("rupiah", "rupiah", "", ""), "EUR": ("euro", "euro", "sen", "sen")},
    "vi": {"USD": ("đô la", "đô la", "xen", "xen"), "VND": ("đồng", "đồng", "", ""), "EUR": ("ơ rô", "ơ rô", "xen", "xen")},
    "th": {"USD": ("ดอลลาร์", "ดอลลาร์", "เซนต์", "เซนต์"), "THB": ("บาท", "บาท", "สตางค์", "สตางค์"),
           "EUR": ("ยูโร", "ยูโร", "เซนต์", "เซนต์")},
    "zh": {"USD": ("美元", "美元", "美分", "美分"), "CNY": ("元", "元", "分", "分"), "EUR": ("欧元", "欧元", "欧分", "欧分"),
           "GBP": ("英镑", "英镑", "便士", "便士"), "JPY": ("日元", "日元", "", "")},
    "ja": {"USD": ("ドル", "ドル", "セント", "セント"), "JPY": ("円", "円", "", ""), "EUR": ("ユーロ", "ユーロ", "セント", "セント")},
    "hi": {"USD": ("डॉलर", "डॉलर", "सेंट", "सेंट"), "INR": ("रुपया", "रुपये", "पैसा", "पैसे")},
}  # fmt: skip
AND = {"en": " and ", "es": " con ", "fr": " et ", "de": " und ", "it": " e ", "pt": " e ", "id": " ", "vi": " ", "th": " ",
       "zh": "", "ja": "", "hi": " "}  # fmt: skip
UNITS = {
    "en": {"ml": ("milliliter", "milliliters"), "l": ("liter", "liters"), "g": ("gram", "grams"), "kg": ("kilogram", "kilograms"),
           "mg": ("milligram", "milligrams"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"),
           "m": ("meter", "meters"), "w": ("watt", "watts"), "v": ("volt", "volts"), "k": ("kelvin", "kelvin"), "h": ("hour", "hours"),
           "mah": ("milliamp hours", "milliamp hours"), "wh": ("watt hour", "watt hours"), "hz": ("hertz", "hertz"),
           "gb": ("gigabytes", "gigabytes"), "oz": ("ounce", "ounces"), "lb": ("pound", "pounds"), "in": ("inch", "inches"),
           "°c": ("degree Celsius", "degrees Celsius"), "%": ("percent", "percent"), "g/m²": ("grams per square meter",) * 2,
           "×": ("by", "by"), "-": ("to", "to")},
    "es": {"ml": ("mililitro", "mililitros"), "l": ("litro", "litros"), "g": ("gramo", "gramos"), "kg": ("kilo", "kilos"),
           "cm": ("centímetro", "centímetros"), "mm": ("milímetro", "milímetros"), "m": ("metro", "metros"), "w": ("vatio", "vatios"),
           "h": ("hora", "horas"), "mah": ("miliamperios hora",) * 2, "°c": ("grado", "grados"), "%": ("por ciento",) * 2,
           "×": ("por", "por"), "-": ("a", "a")},
    "zh": {"ml": ("毫升",) * 2, "l": ("升",) * 2, "g": ("克",) * 2, "kg": ("公斤",) * 2, "cm": ("厘米",) * 2, "mm": ("毫米",) * 2,
           "m": ("米",) * 2, "w": ("瓦",) * 2, "h": ("小时",) * 2, "mah": ("毫安时",) * 2, "°c": ("摄氏度",) * 2, "×": ("乘",) * 2, "-": ("到",) * 2},
    "th": {"ml": ("มิลลิลิตร",) * 2, "l": ("ลิตร",) * 2, "g": ("กรัม",) * 2, "kg": ("กิโลกรัม",) * 2, "cm": ("เซนติเมตร",) * 2,
           "mm": ("มิลลิเมตร",) * 2, "m": ("เมตร",) * 2, "w": ("วัตต์",) * 2, "%": ("เปอร์เซ็นต์",) * 2, "×": ("คูณ",) * 2, "-": ("ถึง",) * 2},
    "vi": {"ml": ("mi li lít",) * 2, "l": ("lít",) * 2, "g": ("gam",) * 2, "kg": ("ki lô gam",) * 2, "cm": ("xăng ti mét",) * 2,
           "mm": ("mi li mét",) * 2, "m": ("mét",) * 2, "w": ("oát",) * 2, "%": ("phần trăm",) * 2, "×": ("nhân",) * 2, "-": ("đến",) * 2},
    "id": {"ml": ("mililiter",) * 2, "l": ("liter",) * 2, "g": ("gram",) * 2, "kg": ("kilogram",) * 2, "cm": ("sentimeter",) * 2,
           "mm": ("milimeter",) * 2, "m": ("meter",) * 2, "w": ("watt",) * 2, "%": ("persen",) * 2, "×": ("kali",) * 2, "-": ("sampai",) * 2},
}  # fmt: skip
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SIGN = "|".join(sorted(map(re.escape, SIGNS), key=len, reverse=True))
_CODE = "|".join(sorted({code for table in MONEY.values() for code in table}))
PRICE_BEFORE = re.compile(rf"(?<![A-Za-z0-9$])(?P<sign>{_SIGN}|(?:{_CODE})\s)\s?(?P<n>{NUMBER})(?![A-Za-z0-9])")
PRICE_AFTER = re.compile(rf"(?<![A-Za-z0-9.])(?P<n>{NUMBER})\s?(?P<sign>€|฿|₫|₹|元|{_CODE})(?![A-Za-z0-9])")
MEASURE = re.compile(
    rf"(?<![A-Za-z0-9.])(?P<n>{NUMBER})(?:\s?(?P<unit>g/m²|mAh|Wh|ml|mL|mm|cm|kg|mg|°C|GB|Hz|oz|lb|L|l|g|m|W|V|K|h|%)|(?P<inch>in))"
    r"(?![A-Za-z0-9²³])"
)
RANGE = re.compile(rf"(?<![A-Za-z0-9.-])(?P<a>{NUMBER})\s?[-–]\s?(?P<b>{NUMBER})(?=\s?(?:[a-zA-Z°%²]|$|[,.;)]|\s))")
TIMES = re.compile(rf"(?P<a>{NUMBER})\s?[x×]\s?(?=\d)")
LINK = re.compile(r"(?:https?://|www\.)\S+")
CODE = re.compile(r"\b(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z][A-Z0-9-]{3,}\b")


def spoken(text: str, language: str) -> str:
    """What to say for ``text`` in ``language``; unknown languages get their emoji and links removed only."""
    text = LINK.sub(" ", "".join(c for c in text if not _pictograph(c)))
    text = PRICE_BEFORE.sub(
        lambda m: _price(m["n"], SIGNS.get(m["sign"].strip(), m["sign"].strip()), m[0], language), text
    )
    text = PRICE_AFTER.sub(lambda m: _price(m["n"], SIGNS.get(m["sign"], m["sign"]), m[0], language), text)
    units = UNITS.get(language, {})
    if "×" in units:
        text = TIMES.sub(lambda m: f"{m['a']} {units['×'][0]} ", text)
    if "-" in units:
        text = RANGE.sub(lambda m: f"{m['a']} {units['-'][0]} {m['b']}", text)
    text = MEASURE.sub(lambda m: _measure(m["n"], m["unit"] or "in", m[0], language), text)
    text = CODE.sub(lambda m: _spelled(m[0]), text)
    if language != "en":
        text = re.sub(rf"(?<![A-Za-z0-9.])(?:{NUMBER})(?![A-Za-z0-9])", lambda m: number(m[0], language), text)
    return re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()


def number(digits: str, language: str) -> str:
    """A number in words; as it was where the language's words are not known here."""
    plain = digits.replace(",", "")
    try:
        if language == "zh":
            import cn2an

            return str(cn2an.an2cn(plain))
        if language in NUM2WORDS:
            from num2words import num2words

            value: Decimal | int = Decimal(plain) if "." in plain else int(plain)
            return str(num2words(value, lang=language)).replace(",", "")
    except (NotImplementedError, ValueError, OverflowError, KeyError, IndexError):
        pass
    return plain


def _price(digits: str, code: str, whole: str, language: str) -> str:
    names = MONEY.get(language, {}).get(code)
    if names is None:
        return whole
    value = Decimal(digits.replace(",", "").removesuffix(".00"))
    main, cents = int(value), int((value % 1 * 100).to_integral_value())
    parts = [_counted(main, names[0], names[1], language)] if main or not cents else []
    if cents and names[2]:
        parts.append(_counted(cents, names[2], names[3], language))
    if cents and not names[2]:
        parts = [_counted(value, names[0], names[1], language)]
    return " " + AND.get(language, " ").join(parts) + " " if language not in ("zh", "ja") else "".join(parts)


def _counted(value: Decimal | int, one: str, many: str, language: str) -> str:
    gap = "" if language in ("zh", "ja", "th") else " "
    words = number(str(value), language)
    if value == 1 and language in ("es", "it", "pt"):
        words = {"es": "un", "it": "un", "pt": "um"}[language]
    if language == "es" and words.endswith("uno"):
        words = words[:-1]
    return f"{words}{gap}{one if value == 1 else many}"


def _measure(digits: str, unit: str, whole: str, language: str) -> str:
    key = unit if unit in ("g/m²",) else unit.lower()
    names = UNITS.get(language, {}).get(key)
    if language == "zh" and key == "%":
        return "百分之" + number(digits, "zh")
    if names is None:
        return whole
    value = Decimal(digits.replace(",", ""))
    words = digits.replace(",", "") if language == "en" else number(digits, language)
    gap = "" if language in ("zh", "th") else " "
    return f"{words}{gap}{names[0] if value == 1 else names[1]}"


def _spelled(code: str) -> str:
    """LUM-01 → L U M 01: letters one by one, so that a code can be typed after hearing it; numbers stay numbers."""
    parts = re.findall(r"[A-Z]+|\d+", code)
    return " ".join(" ".join(part) if part.isalpha() and len(part) <= 4 else part for part in parts)


def _pictograph(c: str) -> bool:
    return (unicodedata.category(c) in ("So", "Cs", "Co", "Cn") and c not in "°") or c in "\u200d\ufe0f"
