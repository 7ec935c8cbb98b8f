"""Regions that people add to a place ("Leeds, England"): a place and its region are one answer, two places are two."""

_WORLD = """europe; asia; africa; north america; south america; oceania; australasia; scandinavia; middle east;
earth; world; central america; southeast asia; latin america"""

_COUNTRIES = """afghanistan; albania; algeria; andorra; angola; argentina; armenia; australia; austria; azerbaijan;
bahamas; bahrain; bangladesh; barbados; belarus; belgium; belize; benin; bhutan; bolivia; bosnia; botswana; brazil;
britain; brunei; bulgaria; burkina faso; cambodia; cameroon; canada; chad; chile; china; colombia; congo; costa rica;
croatia; cuba; cyprus; czechia; czech republic; denmark; dominican republic; ecuador; egypt; el salvador; england;
eritrea; estonia; eswatini; ethiopia; fiji; finland; france; gabon; gambia; georgia; germany; ghana; great britain;
greece; greenland; grenada; guatemala; guinea; guyana; haiti; holland; honduras; hong kong; hungary; iceland; india;
indonesia; iran; iraq; ireland; israel; italy; ivory coast; jamaica; japan; jordan; kazakhstan; kenya; kosovo; kuwait;
kyrgyzstan; laos; latvia; lebanon; lesotho; liberia; libya; liechtenstein; lithuania; luxembourg; madagascar; malawi;
malaysia; maldives; mali; malta; mauritania; mauritius; mexico; moldova; monaco; mongolia; montenegro; morocco;
mozambique; myanmar; namibia; nepal; netherlands; new zealand; nicaragua; niger; nigeria; north korea;
north macedonia; northern ireland; norway; oman; pakistan; palestine; panama; paraguay; peru; philippines; poland;
portugal; puerto rico; qatar; republic of ireland; romania; russia; rwanda; samoa; saudi arabia; scotland; senegal;
serbia; seychelles; sierra leone; singapore; slovakia; slovenia; somalia; south africa; south korea; korea; spain;
sri lanka; sudan; suriname; sweden; switzerland; syria; taiwan; tajikistan; tanzania; thailand; togo; tonga; trinidad;
tunisia; turkey; turkiye; turkmenistan; uae; uganda; uk; ukraine; united arab emirates; united kingdom; united states;
united states of america; uruguay; us; usa; america; uzbekistan; vatican; venezuela; vietnam; wales; yemen; zambia;
zimbabwe"""

_PARTS = """alabama; alaska; arizona; arkansas; california; colorado; connecticut; delaware; florida; hawaii; idaho;
illinois; indiana; iowa; kansas; kentucky; louisiana; maine; maryland; massachusetts; michigan; minnesota; mississippi;
missouri; montana; nebraska; nevada; new hampshire; new jersey; new mexico; north carolina; north dakota; ohio;
oklahoma; oregon; pennsylvania; rhode island; south carolina; south dakota; tennessee; texas; utah; vermont; virginia;
washington dc; west virginia; wisconsin; wyoming; al; ak; az; ca; co; ct; fl; ga; il; ky; la; ma; md; mi; mn; mo; nc;
nh; nj; nm; nv; ny; oh; ok; or; pa; sc; tn; tx; ut; va; vt; wa; wi; dc; alberta; british columbia; manitoba;
new brunswick; newfoundland; nova scotia; ontario; prince edward island; quebec; saskatchewan; on; bc; qc; ns; nb; ab;
new south wales; nsw; queensland; qld; tasmania; victoria; vic; south australia; western australia; goa; kerala;
maharashtra; punjab; tamil nadu; karnataka; gujarat; bengal; bavaria; saxony; hesse; catalonia; andalusia; galicia;
algarve; madeira; azores; tuscany; sicily; lombardy; veneto; provence; brittany; normandy; alsace; munster; leinster;
ulster; connacht; county cork; county galway; county dublin; county kerry; north island; south island; otago;
bedfordshire; berkshire; buckinghamshire; cambridgeshire; cheshire; cornwall; cumbria; derbyshire; devon; dorset;
county durham; essex; gloucestershire; greater london; greater manchester; hampshire; herefordshire; hertfordshire;
kent; lancashire; leicestershire; lincolnshire; merseyside; norfolk; northamptonshire; northumberland;
nottinghamshire; oxfordshire; rutland; shropshire; somerset; staffordshire; suffolk; surrey; sussex; east sussex;
west sussex; tyne and wear; warwickshire; west midlands; wiltshire; worcestershire; yorkshire; north yorkshire;
south yorkshire; west yorkshire; east yorkshire; isle of wight; lothian; fife; highlands; aberdeenshire; glamorgan;
gwynedd; pembrokeshire; antrim; down; the midlands; midlands; east anglia; new england; the cotswolds; cotswolds"""

_CITY = 3
SITE = 4
"""The level of what lies inside a town."""


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(";"))


_LEVELS = (_names(_WORLD), _names(_COUNTRIES), _names(_PARTS))


def level(place: str) -> int:
    """How wide a place is: 0 a continent, 1 a country, 2 a part of a country, 3 anything smaller or not known.

    Args:
        place: Folded words joined by spaces.
    """
    name = place.removeprefix("the ")
    return next((width for width, names in enumerate(_LEVELS) if name in names), _CITY)
