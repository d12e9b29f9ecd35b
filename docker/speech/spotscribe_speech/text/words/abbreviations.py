"""Abbreviations: what follows them, and what they stand for."""

import re

# Before a name: never the end of a sentence.
TITLES = {
    "mr": "Mister", "mrs": "Missus", "ms": "Miz", "messrs": "Messieurs",
    "mme": "Madame", "mlle": "Mademoiselle",
    "dr": "Doctor", "prof": "Professor", "st": "Saint", "ste": "Saint", "gen": "General", "maj": "Major",
    "col": "Colonel", "capt": "Captain", "lt": "Lieutenant", "cpl": "Corporal", "sgt": "Sergeant",
    "adm": "Admiral", "cmdr": "Commander", "rev": "Reverend", "fr": "Father", "hon": "Honorable",
    "gov": "Governor", "sen": "Senator", "rep": "Representative", "pres": "President", "mt": "Mount",
    "ft": "Fort", "supt": "Superintendent", "insp": "Inspector",
}  # fmt: skip
# After a name, or at the end of what is said: the end of a sentence if a capital follows.
ENDINGS = {
    "etc": "et cetera", "jr": "Junior", "sr": "Senior", "inc": "Incorporated", "ltd": "Limited",
    "co": "Company", "corp": "Corporation", "bros": "Brothers", "ave": "Avenue", "blvd": "Boulevard",
    "rd": "Road", "al": "al", "esq": "Esquire", "hwy": "Highway",
}  # fmt: skip
# Within a sentence: the end of it only before a word that begins sentences.
WITHIN = {
    "vs": "versus", "approx": "approximately", "cf": "compare", "viz": "namely", "ca": "circa",
    "dept": "department", "univ": "university", "est": "established", "asst": "assistant",
    "assn": "association", "govt": "government", "misc": "miscellaneous", "max": "maximum", "min": "minimum",
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "jun": "June", "jul": "July",
    "aug": "August", "sep": "September", "sept": "September", "oct": "October", "nov": "November",
    "dec": "December", "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday",
    "thu": "Thursday", "thur": "Thursday", "thurs": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday",
}  # fmt: skip
# Before a number: what they are without one is another word, such as "No."
NUMBERED = {
    "no": "number", "nos": "numbers", "nr": "number", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "chap": "chapter", "p": "page", "pp": "pages", "pg": "page", "fig": "figure", "figs": "figures",
    "sec": "section", "art": "article", "par": "paragraph", "ed": "edition", "eq": "equation",
}  # fmt: skip
# With dots inside, as they are spoken.
DOTTED = {
    "e.g": "for example", "i.e": "that is", "a.m": "A M", "p.m": "P M", "ph.d": "P H D",
    "a.k.a": "also known as",
    "n.b": "note well", "q.v": "which see", "p.s": "P S", "a.d": "A D", "b.c": "B C",
}  # fmt: skip
# They never end a sentence.
LEADING = {"e.g", "i.e"}

# Abbreviations of other languages, after which no sentence ends.
OTHERS = {
    language: frozenset(words.split())
    for language, words in {
        "de": "hr fr dr prof bzw ca vgl usw nr st z.b d.h u.a z.t o.ä s bd",
        "fr": "m mm mme mlle dr pr me st ste p cf env art no chap",
        "es": "sr sra srta dr dra d prof ud uds p pág núm art cap ee.uu",
        "it": "sig sig.ra dott prof ing avv p pag cap art n s",
        "pt": "sr sra dr dra prof p pág cap art n d v.ex",
        "nl": "dhr mevr dr prof ir nr blz bijv enz d.w.z o.a m.a.w ca st",
        "ru": "г гг т.е т.д т.п стр рис им ул см",
    }.items()
}
# Languages that write ordinals with a full stop: "3. Mai".
ORDINAL_STOPS = frozenset("de da no nb nn fi cs sk sl hr sr hu pl is et lv tr".split())  # noqa: SIM905

# Words that begin sentences and rarely a name: after them an abbreviation is known to end one.
STARTERS = frozenset(
    """
    a after all also although an and another any are as at because before but by can could did do
    does during each even every few finally first for from had has have he her here his how however
    i if in is it its last later many maybe meanwhile more most my never next no nobody nor not
    nothing now of on once one only or other our perhaps she should since so some someone soon still
    such suddenly than that the their them then there these they this those though through thus to
    today together tomorrow too two under until very was we well were what when where whether which
    while who whose why will with without would yes yesterday yet you your
    """.split()  # noqa: SIM905 - a list of so many words is a page
)
WORD_BEFORE = re.compile(r"[\w.]*\w\Z")
