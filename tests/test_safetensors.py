"""The safetensors format: round trips, the package's own reader and writer where installed, and files that are damaged."""
import io
import json
import os

import numpy as np
import pytest

import nb_nn
from nb_nn import load_safetensors, save_safetensors, tensor

KINDS = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64")


def saved(tensors, metadata=None):
    file = io.BytesIO()
    save_safetensors(tensors, file, metadata)
    return file.getvalue()


def built(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def sample():
    return {kind: tensor([[0, 1, 2], [3, 1, 0]]).to(getattr(nb_nn, kind)) for kind in KINDS}


def test_every_type_comes_back():
    given = sample()
    found = load_safetensors(saved(given))
    assert found.keys() == given.keys()
    for kind in KINDS:
        assert found[kind].dtype is getattr(nb_nn, kind) and nb_nn.equal(found[kind], given[kind])


def test_scalars_empty_tensors_views_and_no_tensors():
    a = nb_nn.arange(6.0).view(2, 3)
    given = {"scalar": tensor(2.5), "empty": nb_nn.zeros(0, 3), "turned": a.t(), "row": a[1], "é\n": a.expand(2, 2, 3)}
    found = load_safetensors(saved(given))
    for name in given:
        assert nb_nn.equal(found[name], given[name]) and found[name].is_contiguous()
    assert load_safetensors(saved({})) == {}


def test_metadata_names_and_paths(tmp_path):
    path = tmp_path / "model.safetensors"
    save_safetensors({"a": tensor([1.0]), "b": tensor([2])}, path, {"format": "pt"})
    assert nb_nn.safetensors_metadata(path) == {"format": "pt"} and nb_nn.safetensors_metadata(saved({})) == {}
    assert list(load_safetensors(path, names=["b"])) == ["b"]
    with pytest.raises(KeyError, match="c"):
        load_safetensors(path, names=["c"])
    with open(path, "rb") as file:
        assert load_safetensors(file)["a"].item() == 1
    module = nb_nn.nn.Linear(2, 3)
    save_safetensors(module.state_dict(), path)
    module.load_state_dict(load_safetensors(path))


def test_elements_are_aligned():
    content = saved({"a": tensor([1], dtype=nb_nn.uint8), "b": tensor([1.0], dtype=nb_nn.float64), "c": tensor([1.0])})
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    header = json.loads(content[8:8 + length])
    assert {name: entry["data_offsets"][0] for name, entry in header.items()} == {"b": 0, "c": 8, "a": 12}


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model"
    save_safetensors({"a": tensor([1.0])}, path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="nothing was saved"):
        save_safetensors({"a": tensor([2.0])}, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("given, error", [
    ([1], TypeError), ({"a": 1}, ValueError), ({1: tensor(1)}, ValueError), ({"__metadata__": tensor(1)}, ValueError),
    ({"a": nb_nn.zeros(1, dtype=nb_nn.complex128)}, ValueError)])
def test_what_cannot_be_saved_is_refused_before_writing(given, error, tmp_path):
    with pytest.raises(error, match="save_safetensors"):
        save_safetensors(given, tmp_path / "model")
    assert not os.listdir(tmp_path)


def test_metadata_must_be_text():
    with pytest.raises(ValueError, match="text"):
        saved({}, {"a": 1})


def entry(kind="F32", shape=(1,), places=(0, 4)):
    return {"dtype": kind, "shape": list(shape), "data_offsets": list(places)}


@pytest.mark.parametrize("content", [
    b"", b"1234567", (10**15).to_bytes(8, "little"), (100).to_bytes(8, "little") + b"{}", built(b"{"), built(b"[]"), built(b"\xff\xff"),
    built(b'{"a":{},"a":{}}'), built({"a": 1}), built({"a": {}}), built({"a": entry("F1")}, b"1234"), built({"a": entry(shape=(-1,))}, b"1234"),
    built({"a": entry(shape=(2,))}, b"1234"), built({"a": entry(places=(4, 0))}, b"1234"), built({"a": entry(places=(0, 4, 4))}, b"1234"),
    built({"a": entry()}, b"123"), built({"a": entry()}, b"12345"), built({"a": entry(places=(1, 5))}, b"12345"),
    built({"a": entry(), "b": entry(places=(2, 6))}, b"123456"), built({"a": entry(), "b": entry()}, b"1234"),
    built({"a": entry(), "b": entry(places=(8, 12))}, b"123456789012"), built({"__metadata__": {"a": 1}}), built({"a": entry(shape=(1.0,))}, b"1234"),
    built({"a": entry(shape=(1 << 61, 8))}, b"1234"), built({"a": entry(shape=(True,))}, b"1234")])
def test_damaged_files_are_refused(content):
    with pytest.raises(RuntimeError, match="load_safetensors"):
        load_safetensors(content)


def test_every_truncation_is_a_clear_error():
    content = saved({"a": nb_nn.arange(3.0), "b": tensor([True])})
    for length in range(len(content)):
        with pytest.raises(RuntimeError, match="load_safetensors"):
            load_safetensors(content[:length])


def test_the_package_reads_and_writes_the_same(tmp_path):
    package = pytest.importorskip("safetensors.numpy")
    given = {kind: one for kind, one in sample().items() if kind != "bfloat16"}
    found = package.load(saved(given, {"a": "b"}))
    for kind, one in given.items():
        np.testing.assert_array_equal(found[kind], one.numpy())
    arrays = {kind: one.numpy() for kind, one in given.items()}
    back = load_safetensors(package.save(arrays))
    for kind, one in given.items():
        assert nb_nn.equal(back[kind], one)
