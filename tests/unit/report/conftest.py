"""A complete report with every section filled, and with texts that try to break the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.health import State
from modelmonitor.report.check import (
    CheckReport,
    FindingReport,
    ReferenceReport,
    SegmentReport,
    VerdictReport,
    WindowReport,
)
from modelmonitor.report.concept import ChangeReport, ConceptReport
from modelmonitor.report.episode import EpisodeReport, FingerprintReport
from modelmonitor.report.model import (
    AccuracyMomentReport,
    BudgetReport,
    ClassShareReport,
    EvidenceReport,
    HealthRowReport,
    HistogramReport,
    MomentReport,
    RetrainReport,
    RunReport,
)
from modelmonitor.report.novel import (
    DriftedPartReport,
    NoveltyReport,
    PartQualityReport,
    PatternReport,
)
from modelmonitor.report.quality import EstimateReport, LabelledReport, ReliabilityReport
from modelmonitor.report.text import shown
from modelmonitor.report.texts import ExampleReport, ExamplesReport, WordReport

END = datetime(2026, 11, 23, 2, 7, tzinfo=UTC)
START = END - timedelta(hours=24)
WINDOW = WindowReport(start=START, end=END, rows_logged=4812, rows=2000)
CRITICAL = VerdictReport(outcome="Drift", severity="critical")
FINE = VerdictReport(outcome="NoDrift")
ESTIMATE = EstimateReport(
    accuracy=0.70,
    low=0.63,
    high=0.78,
    confidence=0.9,
    methods={"ATC": 0.72, "DoC": 0.76, "calibrated confidence": 0.80},
    rows=2000,
    novel_share=0.42,
    reference_accuracy=0.868,
)
LABELLED = LabelledReport(
    accuracy=0.682,
    low=0.66,
    high=0.70,
    confidence=0.95,
    f1=0.67,
    precision=0.7,
    recall=0.69,
    rows=1800,
    f1_low=0.64,
    f1_high=0.7,
    coverage=0.374,
    delay_s=129_600.0,
    overconfidence=0.164,
    overconfidence_low=0.14,
    overconfidence_high=0.19,
    calibration_error=0.17,
    calibration_error_low=0.12,
    calibration_error_high=0.23,
    reliability=(ReliabilityReport(rows=900, confidence=0.95, accuracy=0.78, low=0.74, high=0.82),),
)
HOSTILE = (
    "<script>alert(1)</script> & <img src=x onerror=alert(2)> {{ 7*7 }} \x07\u202e مرحبا بالعالم " + "W" * 400
)


def finding(feature, verdict, **numbers):
    values = {
        "detector": "mmd",
        "backend": "native",
        "statistic": 0.031,
        "p_value": 0.0002,
        "effect_size": 0.31,
        "effect_name": "MMD relative to the spread of the reference, 0 to 1",
        "effect_warning": 0.1,
        "effect_critical": 0.2,
        "level": 0.0028,
        "n_reference": 2000,
        "n_window": 2000,
        "parameters": {"permutations": "4999"},
        "since": START,
        "minimum_detectable_effect": 0.05,
        "sentence": f"The {feature} was compared.",
    }
    return FindingReport(feature=feature, verdict=verdict, **{**values, **numbers})


def check(name, verdict, findings, **fields):
    return CheckReport(
        name=name,
        type=fields.get("type", name),
        detector="mmd",
        backend="native",
        level=0.0056,
        suspected=fields.get("suspected", False),
        window=WINDOW,
        findings=tuple(findings),
        verdict=verdict,
        sentence=fields.get("sentence", f"The {name} check ran."),
        paging_level=0.0028,
        fingerprint=FingerprintReport(
            space="sentiment 7", embedding="9f3c", words=("ab",), classes=(0.1, -0.1)
        ),
        episode=fields.get("episode"),
        segments=fields.get("segments", ()),
    )


def segment(name, verdict, **fields):
    found = finding("embedding", verdict, segment=name, sentence=f"In {name}: it was compared.", level=0.0007)
    values = {"rows": 500, "reference_rows": 700, "like_with_like": True, "findings": (found,), **fields}
    return SegmentReport(name=name, verdict=verdict, **values)


def episode(**changes):
    return EpisodeReport(
        started_at=END - timedelta(days=2),
        severity="critical",
        fingerprint="e:9f3c",
        same_as=END - timedelta(days=50),
        number=2,
        runs=3,
        change="continued",
        pages=False,
    ).model_copy(update=changes)


def example(text, number):
    cut, whole = shown(text)
    return ExampleReport(
        text=cut, cut_from=whole, prediction_id=f"0194-{number}", predicted="POSITIVE", confidence=0.71
    )


@pytest.fixture
def drifted() -> RunReport:
    """Tweets read by a model of movie reviews: critical data drift, accuracy down, thresholds green."""
    moments = tuple(
        MomentReport(
            start=START + timedelta(hours=hour),
            rows=80 if hour % 7 else 0,
            confidence=0.84 + 0.01 * (hour % 5) if hour % 7 else None,
            low=0.82 + 0.01 * (hour % 5) if hour % 7 else None,
            high=0.86 + 0.01 * (hour % 5) if hour % 7 else None,
        )
        for hour in range(24)
    )
    accuracy = tuple(
        AccuracyMomentReport(start=START + timedelta(hours=hour), rows=0)
        if hour in {5, 7}
        else AccuracyMomentReport(
            start=START + timedelta(hours=hour),
            rows=75,
            accuracy=0.66 + 0.02 * (hour % 4),
            low=0.52,
            high=0.8,
        )
        for hour in range(24)
    )
    return RunReport(
        run_id="8f2c1b",
        finished_at=END,
        monitor="sentiment",
        namespace="ml",
        deployment_id="sentiment",
        model_name="sentiment",
        model_version="7",
        window=WINDOW,
        reference=ReferenceReport(
            name="movie-reviews",
            version=1,
            model_name="sentiment",
            model_version="7",
            created_at=START - timedelta(days=3),
            origin="dataset movie-reviews",
            rows=2000,
        ),
        budget=BudgetReport(max=1, per="30d"),
        checks=(
            check(
                "data",
                CRITICAL,
                [
                    finding("embedding", CRITICAL),
                    finding("text", CRITICAL, detector="tfidf-similarity", effect_size=0.44, p_value=1e-9),
                ],
                sentence="The text differs from the reference by 0.44, not by chance (p = 1e-09).",
                episode=episode(),
                segments=(
                    segment("channel=app", CRITICAL, share=0.93, labelled=LABELLED, estimate=ESTIMATE),
                    segment("channel=<b>web</b>", FINE, share=-0.02),
                ),
            ),
            check(
                "concept",
                FINE,
                [finding("predicted class", FINE, detector="chi-square", p_value=0.21, effect_size=0.04)],
                suspected=True,
            ),
            check(
                "performance",
                VerdictReport(outcome="Drift", severity="warning"),
                [
                    finding(
                        "confidence",
                        VerdictReport(outcome="Drift", severity="warning"),
                        detector="ks",
                        effect_size=0.14,
                    )
                ],
            ),
        ),
        estimate=ESTIMATE,
        labelled=LABELLED,
        confidence=HistogramReport(
            edges=(0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
            reference=(0.05, 0.07, 0.11, 0.17, 0.60),
            window=(0.10, 0.11, 0.15, 0.20, 0.44),
            reference_mean=0.878,
            window_mean=0.846,
        ),
        classes=(
            *(
                ClassShareReport(
                    name=name,
                    reference=before,
                    window=now,
                    low=now - 0.03,
                    high=now + 0.03,
                    true_share=now,
                    true_low=now - 0.05,
                    true_high=now + 0.05,
                )
                for name, before, now in (("NEGATIVE", 0.49, 0.36), ("POSITIVE", 0.51, 0.64))
            ),
        ),
        moments=moments,
        accuracy_moments=accuracy,
        concept=ConceptReport(
            disagreement=ChangeReport(
                reference=0.14, window=0.21, low=0.05, high=0.09, certain=True, rows=1000
            ),
            equal_inputs=ChangeReport(
                reference=0.85, window=0.846, low=-0.02, high=0.01, certain=False, rows=310
            ),
        ),
        examples=ExamplesReport(
            words=(
                WordReport(word="lol", score=11.2, reference_rows=0, window_rows=212),
                WordReport(word="today", score=9.4, reference_rows=12, window_rows=190),
                WordReport(word="شكرا", score=6.1, reference_rows=0, window_rows=40),
                WordReport(word="movie", score=-14.0, reference_rows=801, window_rows=9),
                WordReport(word="film", score=-15.3, reference_rows=912, window_rows=4),
            ),
            appeared=(example("cant wait for the weekend lol #tgif", 1), example(HOSTILE, 2)),
            vanished=(example("A thoughtful, slow film that rewards patience.", 3),),
        ),
        novelty=NoveltyReport(
            check="data",
            strange_share=0.31,
            expected_share=0.05,
            p_value=1e-12,
            rows=2000,
            patterns=(
                PatternReport(
                    name="w:1f2e3d4c",
                    fingerprint=FingerprintReport(words=("1f2e3d4c",)),
                    rows=64,
                    share=0.032,
                    reference_share=0.0,
                    p_value=3e-6,
                    cohesion=0.6,
                    confidence=0.77,
                    classes={"NEGATIVE": 0.9, "POSITIVE": 0.1},
                    words=(
                        WordReport(word="refund", score=8.1, reference_rows=0, window_rows=41),
                        WordReport(word="<i>parcel</i>", score=7.2, reference_rows=1, window_rows=33),
                    ),
                    examples=(example("Where is my refund for the broken parcel?", 4),),
                    first_seen=START - timedelta(days=1),
                    windows=2,
                    growth=1.6,
                    established=True,
                ),
            ),
        ),
        drifted_part=DriftedPartReport(
            share=0.47,
            low=0.42,
            precision=0.9,
            inside=PartQualityReport(
                rows=1040, confidence=0.81, calibrated=0.79, labelled=940, accuracy=0.6, low=0.57, high=0.64
            ),
            rest=PartQualityReport(
                rows=960, confidence=0.88, calibrated=0.86, labelled=860, accuracy=0.85, low=0.82, high=0.88
            ),
        ),
        health=(
            HealthRowReport(
                name="Avg Confidence", value=0.846, warning=0.8, critical=0.6, state=State.HEALTHY
            ),
            HealthRowReport(
                name="Low Confidence Rate", value=0.1, warning=0.1, critical=0.3, state=State.WARNING
            ),
            HealthRowReport(
                name="Latency (P95)", value=0.048, warning=0.1, critical=0.5, state=State.HEALTHY
            ),
            HealthRowReport(name="Error Rate", value=None, warning=0.0, critical=0.01, state=State.UNKNOWN),
            HealthRowReport(
                name="Model Status", value=None, warning=None, critical=None, state=State.UNKNOWN
            ),
        ),
        retrain=(
            RetrainReport(
                trigger="repeated-drift",
                check="performance",
                established=True,
                runs=3,
                since=END - timedelta(days=2),
                message="The same drift of check data came 2 times.",
            ),
        ),
        notes=("2,812 of 4,812 predictions were left out: the window is capped at 2,000 rows.",),
        evidence=EvidenceReport(
            seed=7,
            reference_rows="ab" * 32,
            window_rows={"data": "cd" * 32},
            window_content={"data": "12" * 32},
            plan="ef" * 32,
            packages={"numpy": "1.26.4"},
        ),
    )


@pytest.fixture
def quiet(drifted) -> RunReport:
    """The same monitor on held-out reviews: nothing to say."""
    checks = tuple(
        item.model_copy(
            update={
                "verdict": FINE,
                "findings": tuple(
                    entry.model_copy(update={"verdict": FINE, "p_value": 0.4, "effect_size": 0.02})
                    for entry in item.findings
                ),
                "sentence": "The inputs look like the reference.",
                "episode": None,
                "segments": (),
            }
        )
        for item in drifted.checks
    )
    return drifted.model_copy(
        update={
            "checks": checks,
            "examples": ExamplesReport(),
            "labelled": None,
            "accuracy_moments": (),
            "retrain": (),
            "novelty": None,
            "drifted_part": None,
        }
    )


@pytest.fixture
def inconclusive(drifted) -> RunReport:
    """Three predictions only, texts dropped, and no reference."""
    verdict = VerdictReport(
        outcome="Inconclusive", reason="The window has 3 rows of the 200 needed.", code="TooFewRows"
    )
    few = WINDOW.model_copy(update={"rows": 3, "rows_logged": 3})
    checks = tuple(
        item.model_copy(
            update={
                "verdict": verdict,
                "findings": (),
                "sentence": verdict.reason,
                "episode": None,
                "segments": (),
            }
        )
        for item in drifted.checks
    )
    return drifted.model_copy(
        update={
            "checks": checks,
            "window": few,
            "reference": None,
            "estimate": None,
            "labelled": None,
            "confidence": None,
            "classes": (),
            "concept": ConceptReport(),
            "moments": (),
            "accuracy_moments": (),
            "examples": ExamplesReport(withheld="No text is shown: privacy.input is drop."),
            "novelty": None,
            "drifted_part": None,
            "health": (),
            "retrain": (),
            "notes": (),
        }
    )
