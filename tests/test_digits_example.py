"""The example that a newcomer runs first: its data, its file reader, its progress bar and one short run."""
import gzip
import importlib.util
import pathlib
import struct
import sys

import numpy as np
import pytest

import nb_nn

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def digits():
    spec = importlib.util.spec_from_file_location("digits", EXAMPLES / "digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_idx(path, values):
    content = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def test_included_data_is_whole(digits):
    learn, test = digits.included_digits()
    assert (len(learn), len(test)) == (1437, 360)
    images, labels = test.tensors
    assert images.shape == (360, 1, 8, 8) and images.min().item() == 0 and images.max().item() == 1
    assert sorted(set(labels.tolist())) == list(range(10))


def test_idx_files_are_read_compressed_or_not(digits, tmp_path):
    pixels, labels = np.arange(2 * 3 * 4).reshape(2, 3, 4), np.array([7, 1])
    for part, ending in (("train", ""), ("t10k", ".gz")):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte{ending}", pixels)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte{ending}", labels)
    for dataset in digits.idx_digits(tmp_path):
        assert dataset.tensors[0].shape == (2, 1, 3, 4) and dataset.tensors[1].tolist() == [7, 1]
        assert dataset.tensors[0][1, 0, 2, 3].item() == pytest.approx(23 / 255)


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x01\0\0\0\x05ab", b"\0\0\x08\x03\0\0\0\x01", b"hello, I am no IDX file"])
def test_broken_idx_files_are_named(digits, tmp_path, content):
    (tmp_path / "labels").write_bytes(content)
    with pytest.raises(SystemExit, match="labels is not an IDX file"):
        digits.read_idx(tmp_path, "labels", 1)


def test_missing_idx_files_are_named(digits, tmp_path):
    with pytest.raises(SystemExit, match="neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz"):
        digits.idx_digits(tmp_path)


def test_plain_progress_passes_every_batch_on(digits, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(digits.plain_progress(["a", "b"], "epoch 1")) == ["a", "b"]
    assert "epoch 1 [###############...............] 1/2" in capsys.readouterr().err


def test_one_epoch_learns_saves_and_draws(digits, tmp_path, capsys):
    share = digits.main(["--epochs", "1", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert share > 0.8 and "predicts the same" in printed
    saved = nb_nn.load(tmp_path / "digits.pt")
    assert saved["size"] == (8, 8) and "layers.0.weight" in saved["model"]
    assert (tmp_path / "digits.png").exists() or "install matplotlib" in printed
