from types import SimpleNamespace

from modelmonitor.demo.verdicts import Expectation, check_reviews, check_tweets, unmet
from modelmonitor.report.check import VerdictReport

NO_DRIFT = VerdictReport(outcome="NoDrift")
WARNING = VerdictReport(outcome="Drift", severity="warning")
CRITICAL = VerdictReport(outcome="Drift", severity="critical")
INCONCLUSIVE = VerdictReport(outcome="Inconclusive", reason="Too few rows.", code="TooFewRows")


def report(**verdicts):
    checks = tuple(
        SimpleNamespace(name=name, type=name, verdict=verdict) for name, verdict in verdicts.items()
    )
    return SimpleNamespace(checks=checks)


def test_reviews_without_drift_in_any_check_are_what_is_expected():
    assert unmet(check_reviews(report(data=NO_DRIFT, concept=NO_DRIFT, performance=NO_DRIFT))) == ()


def test_a_false_alarm_and_a_missing_verdict_on_reviews_are_both_named():
    found = unmet(check_reviews(report(data=WARNING, concept=INCONCLUSIVE, performance=NO_DRIFT)))

    assert found == (
        "movie reviews: expected data: no drift, which is not what came out",
        "movie reviews: expected concept: no drift, which is not what came out",
    )


def test_tweets_must_give_critical_data_drift_whatever_the_other_checks_say():
    expected = (Expectation(window="tweets", claim="data: critical drift", met=True),)

    assert check_tweets(report(data=CRITICAL, concept=NO_DRIFT, performance=WARNING)) == expected


def test_a_warning_or_no_data_check_at_all_is_not_enough_for_tweets():
    for verdicts in ({"data": WARNING}, {"data": NO_DRIFT}, {"concept": CRITICAL}):
        assert unmet(check_tweets(report(**verdicts))) == (
            "tweets: expected data: critical drift, which is not what came out",
        )
