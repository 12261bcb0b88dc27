"""Names that users write: of objects, checks, models, receivers; each with a sentence that shows one."""

from __future__ import annotations

from typing import Annotated

from modelmonitor.api.text import Matching

ObjectName = Annotated[
    str,
    Matching(
        pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$",
        message="the name of a Kubernetes object has lower-case letters, digits, '-' "
        "and '.', such as 'sentiment'",
        max_length=253,
    ),
]
CheckName = Annotated[
    str,
    Matching(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        message="a check's name has up to 40 lower-case letters, digits and '-', such "
        "as 'data' or 'reviews-words'",
        max_length=63,
    ),
]
ModelName = Annotated[
    str,
    Matching(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$",
        message="a model name or version has letters, digits, '.', '_', '/' and '-', "
        "such as 'sentiment' or '3'",
        max_length=128,
    ),
]
DatasetName = Annotated[
    str,
    Matching(
        pattern=r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$",
        message="a dataset's name has up to 63 lower-case letters, digits, '.', '_' "
        "and '-', such as 'movie-reviews'",
        max_length=128,
    ),
]
ReasonText = Annotated[
    str,
    Matching(
        pattern=r"^[^\s]([^\n\r]{0,510}[^\s])?$",
        message="a reason is one line of text, such as 'new product line, checked by Ada'",
        max_length=512,
    ),
]
LabelText = Annotated[
    str,
    Matching(
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$",
        message="a label's value has up to 63 letters, digits, '.', '_' and '-'",
        max_length=128,
    ),
]
HttpUrl = Annotated[
    str,
    Matching(
        pattern=r"^https?://[A-Za-z0-9.:_\[\]-]+(/[!-~]*)?$",
        message="an address begins with http:// or https://, such as 'https://example.com/runbooks'",
        max_length=1024,
    ),
]
HttpPath = Annotated[
    str,
    Matching(
        pattern=r"^/[A-Za-z0-9._~/-]*$",
        message="a path begins with '/', such as '/metrics'",
        max_length=256,
    ),
]
ColumnName = Annotated[
    str,
    Matching(
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        message="a segment is a key of the segment column: lower-case letters, digits "
        "and '_', such as 'channel'",
        max_length=128,
    ),
]
Parameter = Annotated[
    int | str,
    Matching(
        pattern=r"^[ -~]{0,128}$",
        message="a parameter is an integer or one line of ASCII text, such as 200 or 'rbf'",
        max_length=128,
        or_integer=True,
    ),
]
SecretKeyName = Annotated[
    str,
    Matching(
        pattern=r"^[A-Za-z0-9._-]{1,253}$",
        message="a key of a Secret has letters, digits, '.', '_' and '-', such as 'url'",
        max_length=253,
    ),
]
AlertName = Annotated[
    str,
    Matching(
        pattern=r"^[A-Z][A-Za-z0-9]{2,62}$",
        message="an alert is named in one word of letters and digits, such as 'ModelDriftDetected'",
        max_length=128,
    ),
]
Expression = Annotated[
    str,
    Matching(
        pattern=r"^[ \t\r\n]*[^ \t\r\n][\s\S]*$",
        message="an expression is PromQL and not blank, such as 'sum(model_loaded) < 2'",
        max_length=4096,
    ),
]
Channel = Annotated[
    str,
    Matching(
        pattern=r"^[#@][!-~]{1,80}$",
        message="a Slack channel begins with '#' or '@', such as '#ml-alerts'",
        max_length=128,
    ),
]
EmailAddress = Annotated[
    str,
    Matching(
        pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}$",
        message="an e-mail address has one '@', such as 'ml-team@example.com'",
        max_length=384,
    ),
]
ImageName = Annotated[
    str,
    Matching(
        pattern=r"^[a-z0-9][A-Za-z0-9._:/@-]{0,510}$",
        message="an image is a reference such as 'example.com/modelmonitor/job:0.1.0'",
        max_length=512,
    ),
]
ExperimentName = Annotated[
    str,
    Matching(
        pattern=r"^[!-~]([ -~]{0,254}[!-~])?$",
        message="an experiment's name is one line of ASCII text, such as 'model-monitoring'",
        max_length=256,
    ),
]
TaintKey = Annotated[
    str,
    Matching(
        pattern=r"^[A-Za-z0-9._/-]{0,253}$",
        message="a taint's key is a name with an optional prefix, such as 'example.com/gpu'",
        max_length=253,
    ),
]
