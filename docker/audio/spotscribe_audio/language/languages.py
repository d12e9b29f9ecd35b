"""Languages: how callers name them, and how they are written."""

# Written without spaces: each character counts as a word, as in whisperX.
_WITHOUT_SPACES = frozenset({"ja", "zh"})
# What a caller writes who wants the language to be detected.
_DETECTED = "auto"
# Whisper's languages: its code, its name, then other names and the codes of ISO 639-1, 639-2 and 639-3.
# The names are those of OpenAI's whisper (tokenizer.py).
_TABLE = """
en english eng|zh chinese mandarin zho chi cmn|de german deu ger|es spanish castilian spa
ru russian rus|ko korean kor|fr french fra fre|ja japanese jpn|pt portuguese por|tr turkish tur
pl polish pol|ca catalan valencian cat|nl dutch flemish nld dut|ar arabic ara arb|sv swedish swe
it italian ita|id indonesian ind in|hi hindi hin|fi finnish fin|vi vietnamese vie|he hebrew heb iw
uk ukrainian ukr|el greek ell gre|ms malay msa may zsm|cs czech ces cze
ro romanian moldavian moldovan ron rum mo|da danish dan|hu hungarian hun|ta tamil tam
no norwegian bokmal nor nob nb|th thai tha|ur urdu urd|hr croatian hrv|bg bulgarian bul
lt lithuanian lit|la latin lat|mi maori mri mao|ml malayalam mal|cy welsh cym wel|sk slovak slk slo
te telugu tel|fa persian farsi fas per pes|lv latvian lav lvs|bn bengali bangla ben|sr serbian srp
az azerbaijani aze azj|sl slovenian slovene slv|kn kannada kan|et estonian est ekk
mk macedonian mkd mac|br breton bre|eu basque eus baq|is icelandic isl ice|hy armenian hye arm
ne nepali nep npi|mn mongolian mon khk|bs bosnian bos|kk kazakh kaz|sq albanian sqi alb
sw swahili swa swh|gl galician glg|mr marathi mar|pa punjabi panjabi pan|si sinhala sinhalese sin
km khmer khm|sn shona sna|yo yoruba yor|so somali som|af afrikaans afr|oc occitan oci
ka georgian kat geo|be belarusian bel|tg tajik tgk|sd sindhi snd|gu gujarati guj|am amharic amh
yi yiddish yid ydd ji|lo lao lao|uz uzbek uzb uzn|fo faroese fao|ht haitian_creole haitian hat
ps pashto pushto pus pbt|tk turkmen tuk|nn nynorsk nno|mt maltese mlt|sa sanskrit san
lb luxembourgish letzeburgesch ltz|my myanmar burmese mya bur|bo tibetan bod tib
tl tagalog filipino tgl fil|mg malagasy mlg plt|as assamese asm|tt tatar tat|haw hawaiian
ln lingala lin|ha hausa hau|ba bashkir bak|jw javanese jav jv|su sundanese sun|yue cantonese
"""
_ENTRIES = [entry.split() for line in _TABLE.strip().splitlines() for entry in line.split("|")]
_CODES = {name.replace("_", " "): entry[0] for entry in _ENTRIES for name in entry}
_NAMES = {entry[0]: entry[1].replace("_", " ").title() for entry in _ENTRIES}


def language_code(text: str) -> str:
    """Whisper's code of the language that the text names: `en` for `English`, `EN`, `en-US` and `eng`.

    A value that names no language comes back in lower case: the caller may know more languages, or refuse it.
    """
    name = text.strip().lower().replace("_", "-")
    found = _CODES.get(name.replace("-", " ")) or _CODES.get(name.partition("-")[0])
    return name if found is None else found


def is_language(code: str) -> bool:
    """Whether Whisper has a language with this code."""
    return code in _NAMES


def language_name(code: str) -> str:
    """The English name of the language with this code, such as `German`; the code itself if it is unknown."""
    return _NAMES.get(code, code)


def chosen_language(text: str | None) -> str | None:
    """The code of the language that is asked for; None where it is to be detected."""
    if text is None or text.strip().lower() == _DETECTED:
        return None
    return language_code(text)


def written_without_spaces(language: str) -> bool:
    """Whether words of this language (ISO 639-1) stand side by side."""
    return language in _WITHOUT_SPACES


def split_words(text: str, language: str) -> list[str]:
    """The words of a text in this language; its characters where words stand side by side."""
    return list("".join(text.split())) if written_without_spaces(language) else text.split()


def joined(texts: list[str], language: str) -> str:
    """Words or sentences of this language as one text."""
    return ("" if written_without_spaces(language) else " ").join(texts)
