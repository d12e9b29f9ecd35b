"""What the speakers of made-up conversations say: words without much sense, in four languages."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Tongue:
    """A language's stock.

    Attributes:
        words: what sentences are made of, commoner ones first, with spaces between.
        backchannels: what listeners say, commoner ones repeated.
        assessments: what listeners say at greater length. Most of it is no mere backchannel.
    """

    words: str
    backchannels: tuple[str, ...]
    assessments: tuple[str, ...]

    def sentence(self, random: Random, length: int) -> list[str]:
        """So many words, the first one capitalised, without a full stop."""
        stock = self.words.split()
        words = [stock[int(len(stock) * random.random() ** 1.7)] for _ in range(length)]
        # People begin sentences with what is a backchannel elsewhere.
        if length > 1 and random.random() < 0.12:
            words[0] = random.choice(self.backchannels).split()[0].strip(",") + ","
        return [words[0][0].upper() + words[0][1:], *words[1:]]


ENGLISH = Tongue(
    (
        "the and I to that of a in it you is so was we they have for with this on not but be what right "
        "like people know think there really one about just good because when from at my how some then "
        "very our would see time work out her thing more first year me way years going something point "
        "lot came even patient music school started question money family country story water reason "
        "house company doctor book city winter letter treatment machine brother decision garden problem "
        "market morning island teacher"
    ),
    (
        "yeah", "yeah", "yeah", "yeah", "right", "right", "mm-hmm", "mm-hmm", "uh-huh", "okay", "mhm",
        "yes", "sure", "yeah, yeah", "wow", "oh", "exactly", "I see", "oh, okay", "absolutely", "yup",
        "hmm", "oh, wow", "of course", "huh", "really", "oh, really", "interesting", "all right",
    ),
    (
        "that's amazing", "oh my God", "no way", "I love that", "I didn't know that", "that's so funny",
        "you're kidding", "good for you", "what a story", "fair point",
    ),
)  # fmt: skip
GERMAN = Tongue(
    (
        "und ich die das der ist es nicht wir so in zu ja man da auch sie dann mit ein auf haben war also "
        "was aber für hat den eine noch mal wie schon immer wenn kann sich von jetzt gut mehr weil uns "
        "sehr bei mir einfach nur dass Jahr Leute Zeit Arbeit viel ganz Frage Sache damals natürlich "
        "Schule Kinder Haus Musik Land Geld Stadt Woche Familie Geschichte Arzt Wasser Grund Buch Winter "
        "Brief Garten Behandlung Maschine Bruder Markt"
    ),
    (
        "ja", "ja", "ja", "ja", "genau", "genau", "mhm", "mhm", "hm", "okay", "ja, ja", "ach so", "klar",
        "stimmt", "richtig", "ja, genau", "aha", "ah, ja", "natürlich", "gut", "wow", "echt", "oh",
    ),
    (
        "das ist ja toll", "das wusste ich nicht", "du meine Güte", "ist nicht wahr", "das glaube ich",
        "sehr schön gesagt", "unglaublich",
    ),
)  # fmt: skip
FRENCH = Tongue(
    (
        "et je de c'est que la le on pas à en il les un ça qui des est une pour dans mais avec ce vous "
        "nous donc plus fait très bien alors tout sur parce quand même par était aussi elle peu deux être "
        "dire avoir comme vraiment gens temps travail chose moment question vie monde années école maison "
        "musique pays argent ville famille histoire médecin eau raison livre hiver lettre jardin "
        "traitement machine frère marché enfants"
    ),
    (
        "oui", "oui", "oui", "ouais", "ouais", "d'accord", "mm", "hm hm", "voilà", "bien sûr",
        "exactement", "ah oui", "ah bon", "okay", "oui, oui", "tout à fait", "c'est ça", "euh", "super",
    ),
    ("c'est incroyable", "je ne savais pas", "oh là là", "c'est magnifique ça", "quelle histoire",
    "tu plaisantes"),
)  # fmt: skip
SPANISH = Tongue(
    (
        "y que de la no a el en es lo un por me una se con los pero muy para como más yo si las eso ya "
        "porque todo está cuando bien había esto hay ser también así entonces mi era hasta donde nos "
        "hacer gente tiempo trabajo cosa vida años mundo momento pregunta casa escuela música país dinero "
        "ciudad familia historia médico agua razón libro invierno carta jardín tratamiento máquina "
        "hermano mercado niños"
    ),
    (
        "sí", "sí", "sí", "claro", "claro", "vale", "ajá", "mm", "exacto", "sí, sí", "bueno", "ya",
        "muy bien", "por supuesto", "ah", "okay", "de acuerdo", "anda", "qué bien",
    ),
    ("no me digas", "qué maravilla", "no lo sabía", "madre mía", "eso es increíble", "me encanta"),
)  # fmt: skip
TONGUES = (ENGLISH, ENGLISH, GERMAN, FRENCH, SPANISH)
