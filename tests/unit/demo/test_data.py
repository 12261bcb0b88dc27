from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from modelmonitor.demo.data import CorpusUnreadable, LabelledText, parse_corpus, read_corpus

MOVIES = (
    "1\t2.26666666667\tThe Rock is destined to be the 21st Century's new ''Conan''.\r\n"
    "2\t-3.1\tCaf\xe9 scenes &amp; little else.\r\n"
    "3\t0.45\tIt has a beginning and an end.\r\n"
    "4\t-0.5\tTalky,\x85 artificial.\n"
)


def test_clear_ratings_become_labels_and_lukewarm_ones_are_left_out():
    assert parse_corpus(MOVIES) == (
        LabelledText(
            id="1",
            text="The Rock is destined to be the 21st Century's new ''Conan''.",
            rating=2.26666666667,
            label="POSITIVE",
        ),
        LabelledText(id="2", text="Caf\xe9 scenes &amp; little else.", rating=-3.1, label="NEGATIVE"),
        LabelledText(id="4", text="Talky,\x85 artificial.", rating=-0.5, label="NEGATIVE"),
    )


@pytest.mark.parametrize("line", ["2\tvery good", "2\tmuch\tgood film", "2\t1.0\ttwo\ttexts"])
def test_a_line_of_another_shape_is_named_by_its_number(line):
    with pytest.raises(CorpusUnreadable, match=r"line 2 of the corpus is not 'id, mean rating, text'"):
        parse_corpus(f"1\t1.0\tgood\n{line}\n")


def test_a_corpus_is_read_out_of_the_archive_within_the_archive(tmp_path):
    package = pack(
        tmp_path / "package.tar.gz", {"movieReviewSnippets_GroundTruth.txt": MOVIES.encode("latin-1")}
    )

    assert read_corpus(package, "movie") == parse_corpus(MOVIES)
    with pytest.raises(
        CorpusUnreadable, match=r"does not hold the tweets texts .*delete the file and run again"
    ):
        read_corpus(package, "tweets")


def test_a_file_that_is_no_archive_is_said_to_be_none(tmp_path):
    broken = tmp_path / "package.tar.gz"
    broken.write_bytes(b"<html>proxy login</html>")

    with pytest.raises(CorpusUnreadable, match="does not hold the movie texts"):
        read_corpus(broken, "movie")


def pack(path: Path, corpora: dict[str, bytes]) -> Path:
    inner = archive({f"hutto_ICWSM_2014/{name}": content for name, content in corpora.items()})
    path.write_bytes(archive({"vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz": inner}))
    return path


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()
