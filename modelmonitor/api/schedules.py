"""When something runs: five cron fields as Kubernetes reads them, and the time zone they are read in."""

from __future__ import annotations

from typing import Annotated, Final

from modelmonitor.api.text import Matching

MONTHS: Final = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
WEEKDAYS: Final = "SUN|MON|TUE|WED|THU|FRI|SAT"


def _field(value: str) -> str:
    item = rf"(\*|({value})(-({value}))?)(/[1-9][0-9]?)?"
    return f"{item}(,{item})*"


CRON_PATTERN: Final = (
    "^("
    + " +".join(
        (
            _field("[0-5]?[0-9]"),
            _field("[01]?[0-9]|2[0-3]"),
            _field("0?[1-9]|[12][0-9]|3[01]"),
            _field(f"0?[1-9]|1[0-2]|{MONTHS}"),
            _field(f"[0-6]|{WEEKDAYS}"),
        )
    )
    + "|@hourly|@daily|@weekly|@monthly)$"
)

Cron = Annotated[
    str,
    Matching(
        pattern=CRON_PATTERN,
        message="a schedule has five cron fields (minute hour day month weekday), such as '7 2 * * *', "
        "or is @hourly, @daily, @weekly or @monthly",
        max_length=100,
    ),
]
TimeZone = Annotated[
    str,
    Matching(
        pattern=r"^(UTC|[A-Z][A-Za-z_]{1,31}(/[A-Z][A-Za-z0-9_+-]{0,31}){1,2})$",
        message="a time zone is a name of the IANA database, such as 'Etc/UTC' or 'Europe/Berlin'",
        max_length=64,
    ),
]
