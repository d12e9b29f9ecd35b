"""Currencies and units, as they are written and spoken."""

from typing import NamedTuple


class Name(NamedTuple):
    """How one, and how several are called."""

    one: str
    many: str

    def of(self, amount: str) -> str:
        """The name for an amount in digits."""
        return self.one if amount == "1" else self.many


class Currency(NamedTuple):
    """A currency and its hundredth, if it is spoken."""

    unit: Name
    cent: Name | None


_CENT = Name("cent", "cents")
_DOLLAR = Currency(Name("dollar", "dollars"), _CENT)
_EURO = Currency(Name("euro", "euros"), _CENT)
_POUND = Currency(Name("pound", "pounds"), Name("penny", "pence"))
_YEN = Currency(Name("yen", "yen"), None)
_RUPEE = Currency(Name("rupee", "rupees"), Name("paisa", "paise"))

# By sign or code. Longer ones first: the pattern is made in this order.
CURRENCIES = {
    "US$": Currency(Name("U S dollar", "U S dollars"), _CENT),
    "A$": Currency(Name("Australian dollar", "Australian dollars"), _CENT),
    "C$": Currency(Name("Canadian dollar", "Canadian dollars"), _CENT),
    "USD": Currency(Name("U S dollar", "U S dollars"), _CENT),
    "EUR": _EURO,
    "GBP": _POUND,
    "JPY": _YEN,
    "CHF": Currency(Name("Swiss franc", "Swiss francs"), Name("centime", "centimes")),
    "INR": _RUPEE,
    "$": _DOLLAR,
    "€": _EURO,
    "£": _POUND,
    "¥": _YEN,
    "₹": _RUPEE,
    "₽": Currency(Name("ruble", "rubles"), Name("kopeck", "kopecks")),
    "₩": Currency(Name("won", "won"), None),
}
MAGNITUDES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
    "b": "billion",
    "tn": "trillion",
    "thousand": "thousand",
    "million": "million",
    "billion": "billion",
    "trillion": "trillion",
}


def _names(*rows: tuple[str, str, str]) -> dict[str, Name]:
    return {sign: Name(one, many) for signs, one, many in rows for sign in signs.split()}


# After a number. "in" is left out: "5 in the morning". Lower and upper case differ: "Mb", "MB".
UNITS = _names(
    ("km/h kph kmh", "kilometer per hour", "kilometers per hour"),
    ("mph", "mile per hour", "miles per hour"),
    ("m/s", "meter per second", "meters per second"),
    ("km² km2", "square kilometer", "square kilometers"),
    ("m² m2 sqm", "square meter", "square meters"),
    ("cm² cm2", "square centimeter", "square centimeters"),
    ("m³ m3", "cubic meter", "cubic meters"),
    ("cm³ cm3 cc", "cubic centimeter", "cubic centimeters"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("µm μm", "micrometer", "micrometers"),
    ("nm", "nanometer", "nanometers"),
    ("m", "meter", "meters"),
    ("mi", "mile", "miles"),
    ("yd yds", "yard", "yards"),
    ("ft", "foot", "feet"),
    ("kg kgs", "kilogram", "kilograms"),
    ("mg", "milligram", "milligrams"),
    ("g", "gram", "grams"),
    ("lb lbs", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ml mL", "milliliter", "milliliters"),
    ("l L", "liter", "liters"),
    ("tbsp", "tablespoon", "tablespoons"),
    ("tsp", "teaspoon", "teaspoons"),
    ("°C ℃", "degree Celsius", "degrees Celsius"),
    ("°F ℉", "degree Fahrenheit", "degrees Fahrenheit"),
    ("°", "degree", "degrees"),
    ("ms", "millisecond", "milliseconds"),
    ("sec secs", "second", "seconds"),
    ("min mins", "minute", "minutes"),
    ("h hr hrs", "hour", "hours"),
    ("yr yrs", "year", "years"),
    ("kB KB", "kilobyte", "kilobytes"),
    ("MB", "megabyte", "megabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("TB", "terabyte", "terabytes"),
    ("KiB", "kibibyte", "kibibytes"),
    ("MiB", "mebibyte", "mebibytes"),
    ("GiB", "gibibyte", "gibibytes"),
    ("kbps kbit/s", "kilobit per second", "kilobits per second"),
    ("Mbps Mbit/s", "megabit per second", "megabits per second"),
    ("Gbps Gbit/s", "gigabit per second", "gigabits per second"),
    ("Hz", "hertz", "hertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("MHz", "megahertz", "megahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("W", "watt", "watts"),
    ("kW", "kilowatt", "kilowatts"),
    ("MW", "megawatt", "megawatts"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("V", "volt", "volts"),
    ("dB", "decibel", "decibels"),
    ("rpm", "revolution per minute", "revolutions per minute"),
    ("hPa", "hectopascal", "hectopascals"),
    ("psi", "pound per square inch", "pounds per square inch"),
    ("%", "percent", "percent"),
    ("‰", "per mille", "per mille"),
)
