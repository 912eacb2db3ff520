"""Names, and how people title and annotate things."""

from __future__ import annotations

FIRST_NAMES = (
    "Amara Jonas Mei Luca Priya Sofía Ahmed Hannah Kenji Olga Tomás Ingrid Yusuf Chloé "
    "Dmitri Fatima "
    "Noah Zanele Björn Aiko Rafael Niamh Piotr Leila Søren Gabriela Tariq Emeka Wanjiru "
    "Anaïs Marek "
    "Siobhán Ravi Élodie Mustafa Linh Oskar Beatriz Nkechi Hugo Tatiana Ibrahim Freja Mateo Sunita "
    "François Asha Viktor Renée Jin"
).split()

LAST_NAMES = (
    "Okafor Lindqvist Tanaka Moreau O'Brien Nguyễn Kowalski Haddad Schmidt Ferreira Ivanova Singh "
    "García Müller Chen Johansson Rossi Mbeki Novák Dubois Park Yılmaz Andersen Costa "
    "Petrov Sharma "
    "MacLeod Jansen Hernández Sørensen Abdi Takahashi Weiß Bianchi Popescu Adeyemi "
    "Larsen Ortiz Kaya "
    "Núñez Byrne Fischer Wójcik Rahman Lefèvre Sato Van-der-Berg D'Angelo Horvat Kim"
).split()

REGIONS = (
    "EMEA AMER APAC LATAM DACH Nordics Benelux UK&I Iberia ANZ India Japan Brazil Canada MENA"
).split()

PERIODS = (
    "Weekly",
    "Monthly",
    "Daily",
    "Q1",
    "Q2",
    "Q3",
    "Q4",
    "FY26",
    "FY27",
    "YTD",
    "Last 90 Days",
    "H1",
    "Trailing 12M",
    "Rolling 28d",
)

#: Titles as they really are: scripts, emoji, quotes, slashes, backslashes, and a very long one.
ODD_TITLES = (
    "売上ダッシュボード（{region}・週次）",
    "لوحة المبيعات – {region}",
    "รายงานยอดขายประจำเดือน {region}",
    "Продажи по регионам: {topic}",
    "분기 실적 요약 {period}",
    "🚀 {topic} 🎯 {period}",
    "👩🏽‍💻 Team board / {topic}",
    '"{topic}" – the real one',
    "{topic} \\ {region} \\ {period}",
    "{topic} / {region} / v2 (copy of copy)",
    "Zażółć gęślą jaźń – {topic}",
    "  {topic}  (do NOT delete!!)",
    "Ελλάδα: {topic} & {period} <beta>",
    "קונים חוזרים {period}",
    "{topic}; DROP TABLE dashboards;-- {region}",
    "Ünïcödé ＆ ｆｕｌｌｗｉｄｔｈ {topic}",
    (
        "{topic}: every customer who bought at least twice in {period}, came back "
        "through a paid channel, "
        "was contacted by the {region} team within five working days and has not opened "
        "a ticket since; "
        "agreed with Finance and with Legal, see the notes under each tile before you "
        "quote a figure from "
        "it anywhere outside of this folder, and ask before you change the filters"
    ),
    "{topic}\t{region}\u2028{period}",
)

TILE_WORDS = (
    "by Region;vs. Target;Trend;last 12 months;Top 10;(excl. internal);per Team;YoY;Distribution;"
    "Funnel;Detail;Drill-down;Share of total;Cumulative;by Owner;Outliers;MoM "
    "change;Heat map;Ranking;"
    "by Cohort;Split;at a glance;Running 7-day;Forecast;Anomalies"
).split(";")

NOTES = (
    "Excludes test accounts and internal users.",
    "Source: nightly load, complete by 06:30 UTC.",
    "Figures before March are restated; see the close memo.",
    "Ask the data team before you export this.",
    "Threshold agreed in the {period} review with {person}.",
    "Includes {region} only since the migration.",
    "Known gap: the connector dropped rows on two days, backfill pending ({person}).",
    "Definition changed in {period}: first paid invoice instead of sign-up.",
    "“Active” means at least three sessions in seven days.",
    "Compare with the board pack, not with the old <b>v1</b> tile.",
    "Owner: {person}; reviewed each {period}.",
    "Amounts in USD at the month's closing rate, not at the day's.",
)

TEXT_BLOCKS = (
    (
        "## {topic}\n\nRead from left to right. Filters at the top apply to **every** tile "
        "except the last row."
    ),
    "### How to use\n1. Pick a region\n2. Compare with {period}\n3. Questions: @{person}",
    (
        '<h3>{topic}</h3><p>Updated {period} by {person}. <a href="https://wiki.demo.example/{slug}">'
        "Definitions &amp; owners</a></p>"
    ),
    "---\n_{region}_ numbers follow the local fiscal calendar.",
    "> “If it isn't on this page, it isn't in the plan.” — {person}",
    "| metric | owner | target |\n|---|---|---|\n| {topic} | {person} | {period} |",
)

BROWSERS = ("Chrome", "Firefox", "Safari", "Edge")
