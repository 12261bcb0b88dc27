"""Texts scored by the model that serves now."""

from __future__ import annotations

from collections.abc import Sequence

from modelmonitor.job.plan import RunPlan
from modelmonitor.job.references.sources import ReferenceNotBuilt, Sources
from modelmonitor.job.scoring import Scores, score_texts


def served_version(text: str, plan: RunPlan, sources: Sources) -> str:
    """The version that answers at the predictor, asked with one text.

    Raises:
        ReferenceNotBuilt: there is no predictor to ask, or no token for it.
        PredictorUnreachable: nobody answers.
        PredictorRefused: it answers, but does not score.
    """
    return score([text], plan, sources).model_version


def score(texts: Sequence[str], plan: RunPlan, sources: Sources) -> Scores:
    """What the served model says of texts; raises as `served_version`."""
    url = predictor_of(plan, sources)
    return score_texts(texts, predictor_url=url, token=sources.score_token)


def predictor_of(plan: RunPlan, sources: Sources) -> str:
    """Address of the predictor to ask; known before any texts are fetched.

    Raises:
        ReferenceNotBuilt: there is no predictor to ask, or no token for it.
    """
    if sources.predictor_url is None:
        raise ReferenceNotBuilt(
            "This run has no address of the predictor that scores its texts: set spec.target.scoring.url "
            "(MM_JOB_PREDICTOR_URL), or build it with initialize_reference_data."
        )
    if not sources.score_token:
        place = plan.reference.token_place or "spec.target.scoring.tokenSecret"
        raise ReferenceNotBuilt(
            "The token for scoring its texts is missing: put the predictor's MM_SERVER_SCORE_TOKEN into "
            f"{place} (MM_JOB_SCORE_TOKEN). A server that is not ModelMonitor's has no such token: compare "
            "with reference.window or reference.rolling instead."
        )
    return sources.predictor_url
