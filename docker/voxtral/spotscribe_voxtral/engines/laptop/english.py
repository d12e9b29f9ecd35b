"""English words that the extractive engine knows by what they do."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# What carries no topic: articles, pronouns, prepositions, conjunctions, auxiliaries, and what fills a pause.
FUNCTION_WORDS = _words(
    "a about above after again against ago all almost along already also although always am an and "
    "another any anybody anyone anything are aren't around as ask asked at away back be because been "
    "before being below between both but by came can can't cannot come comes could couldn't did didn't "
    "do does doesn't doing don't done down during each either else enough even ever every everybody "
    "everyone everything few for from further get gets getting give go goes going gone good got had "
    "hadn't has hasn't have haven't having he he'll he's her here here's hers herself him himself his "
    "how how's i i'd i'll i'm i've if in into is isn't it it'll it's its itself just keep kind know "
    "last least left less let let's like little ll look lot made make makes many may maybe me mean "
    "might mine more most much must my myself need needs never next no nobody none nor not nothing now "
    "of off oh okay on once one only onto or other our ours ourselves out over own people perhaps "
    "please put quite rather really right said same saw say says see seen shall she she'll she's "
    "should shouldn't since so some somebody someone something sometimes somewhere soon still such "
    "take talk tell than that that's the their theirs them themselves then there there's these they "
    "they'd they'll they're they've thing things think this those though through till to today "
    "together tomorrow too took toward under until up upon us use used very want wants was wasn't way "
    "we we'd we'll we're we've well went were weren't what what's whatever when whenever where "
    "where's whether which while who who's whole whom whose why will with within without won't would "
    "wouldn't yeah yes yesterday yet you you'd you'll you're you've your yours yourself"
)
AUXILIARIES = _words(
    "is are was were am do does did has have had can could will would shall should may might must "
    "isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't"
)
QUESTION_WORDS = _words("what who whom whose which when where why how")
ASKING = _words("what's who's where's how's when's why's")
# After "how": "how many", "how long".
MEASURES = _words("many much long far often old big late soon")
SUBJECTS = _words("i you he she it we they there this that these those the anybody anyone somebody")
# Who undertakes something, together with "will" or "shall": the weather will do nothing about it.
PEOPLE = _words("i you he she we they somebody someone everybody everyone")
UNDERTAKING = _words("will shall must should need")
PROMISES = _words("i'll you'll he'll she'll we'll they'll let's please")
# With which an order begins.
ORDERS = _words(
    "add answer ask book bring buy call check clean close come cut do don't fetch fill find finish fix "
    "get give go help keep leave make meet move open order pay prepare put read remember remind return "
    "send show sign speak start stay stop take talk tell try turn update use wait wash watch write"
)
DAYS = _words(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july "
    "august september october november december today tomorrow yesterday tonight"
)
NUMBERS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred "
    "thousand million billion half dozen"
)
UNITS = _words(
    "second seconds minute minutes hour hours day days week weeks month months year years meter meters "
    "metre metres kilometer kilometers mile miles foot feet inch inches gram grams kilo kilos kilogram "
    "kilograms milligram milligrams pound pounds liter liters dollar dollars euro euros cent cents "
    "percent degree degrees people times o'clock"
)
KIND_WORDS = _words(
    "amazing beautiful best better brilliant calm clean comfortable delighted easy enjoy enjoyed "
    "excellent excited fine friendly fun glad good grateful great happy help helpful hope "
    "liked love loved lovely lucky nice perfect pleasant pleased proud safe success "
    "sweet thank thanks warm welcome wonderful"
)
HARSH_WORDS = _words(
    "afraid angry annoyed annoying awful bad blame boring broken complain complaint cruel cry damage "
    "danger dangerous dead death difficult dirty fail failed failure fear fault hard hate hurt ill "
    "lost mad mistake pain poor problem problems sad scared sick sorry stupid terrible tired "
    "trouble ugly unhappy upset weak worry worried worse worst wrong"
)
# Before a word, they turn its mood.
NEGATIONS = _words("not no never don't didn't isn't wasn't aren't can't won't doesn't hardly")
