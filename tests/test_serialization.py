"""Checkpoints: what is saved comes back, in torch's format; damage and malice are refused; a failed save loses nothing."""
import contextlib
import decimal
import fractions
import io
import mmap
import os
import pathlib
import pickle
import resource
import stat
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import nb_nn
from nb_nn import load, save, tensor
from nb_nn.core import archive as archives

Parameter = nb_nn.nn.Parameter
DATA = pathlib.Path(__file__).parent / "data"


def saved(obj, **options):
    buffer = io.BytesIO()
    save(obj, buffer, **options)
    return buffer.getvalue()


def reloaded(obj, **options):
    return load(io.BytesIO(saved(obj)), **options)


def repacked(content, change):
    """A checkpoint with its records changed: ``change`` takes and returns a dictionary of name -> bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        records = change({name: old.read(name) for name in old.namelist()})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, record in records.items():
            new.writestr(name, record)
    out.seek(0)
    return out


# ---- there and back ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"])
def test_every_dtype_comes_back(kind):
    before = tensor([[1, 2, 3], [4, 5, 6]], dtype=getattr(nb_nn, kind))
    after = reloaded(before)
    assert after.dtype is before.dtype and after.tolist() == before.tolist()


def test_bools_scalars_and_empty_tensors_come_back():
    a, b, c = reloaded([tensor([True, False]), tensor(2.5), nb_nn.zeros(0, 3)])
    assert a.tolist() == [True, False] and b.shape == () and b.item() == 2.5 and c.shape == (0, 3)


def test_views_keep_their_geometry_and_share_memory():
    whole = nb_nn.arange(12.0).view(3, 4)
    a, row, turned = reloaded((whole, whole[1], whole.t()[::2]))
    assert turned.stride() == (2, 4) and row.storage_offset() == 4
    a[1, 2] = 99.0
    assert row.tolist() == [4, 5, 99, 7] and turned.tolist() == [[0, 4, 8], [2, 99, 10]]


def test_the_same_tensor_stays_the_same_object():
    a = tensor([1.0])
    first, second = reloaded([a, a])
    assert first is second


def test_expanded_tensors_come_back_without_growing():
    content = saved(tensor([1.0]).expand(1000, 1000))
    assert len(content) < 3000 and load(io.BytesIO(content)).stride() == (0, 0)


def test_parameters_and_what_requires_grad():
    weight, frozen, leaf = reloaded([Parameter(tensor([1.0])), Parameter(tensor([1.0]), requires_grad=False),
                                     tensor([1.0], requires_grad=True)])
    assert type(weight) is Parameter and weight.requires_grad and weight.is_leaf
    assert type(frozen) is Parameter and not frozen.requires_grad
    assert type(leaf) is nb_nn.Tensor and leaf.requires_grad


def test_plain_objects_come_back():
    before = {"n": [1, -2, 2 ** 70, 0.5, None, True], "t": ("a", b"\xff", {1}, frozenset([2])),
              "size": nb_nn.zeros(2, 3).size(), "dtype": (nb_nn.bool, nb_nn.float16),
              "device": (nb_nn.device("cpu"), nb_nn.device("cuda", 1))}
    after = reloaded(before)
    assert after == before and type(after["size"]) is nb_nn.Size and after["dtype"][0] is nb_nn.bool


def test_state_dict_keeps_order_and_metadata():
    state = OrderedDict([("b", tensor([1.0])), ("a", tensor([2.0]))])
    state._metadata = OrderedDict([("", {"version": 2})])
    after = reloaded(state)
    assert list(after) == ["b", "a"] and after._metadata == {"": {"version": 2}}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_protocols(protocol):
    assert load(io.BytesIO(saved([tensor([1.0]), nb_nn.int8], pickle_protocol=protocol)))[1] is nb_nn.int8


def test_the_same_object_gives_the_same_bytes():
    assert saved(nb_nn.ones(5)) == saved(nb_nn.ones(5))


def test_large_storages_go_in_pieces(monkeypatch):
    monkeypatch.setattr(archives, "CHUNK", 100)
    values = nb_nn.arange(1000)
    assert reloaded(values).tolist() == values.tolist()


# ---- the format --------------------------------------------------------------------------------------------------------

def test_records_are_aligned_and_as_torch_names_them():
    content = saved([tensor([1.0, 2.0]), tensor([3])])
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert {"archive/data.pkl", "archive/data/0", "archive/data/1", "archive/byteorder", "archive/version",
                "archive/.data/serialization_id"} <= set(file.namelist())
        assert file.read("archive/version") == b"3\n"
        for record in file.infolist():
            name, extra = struct.unpack_from("<HH", content, record.header_offset + 26)
            assert (record.header_offset + 30 + name + extra) % 64 == 0 and record.compress_type == zipfile.ZIP_STORED
        pickled = file.read("archive/data.pkl")
    assert b"torch._utils\n_rebuild_tensor_v2\n" in pickled and b"torch\nFloatStorage\n" in pickled
    assert b"nb_nn" not in pickled


@pytest.mark.parametrize("name", ["torch-2.13.pt", "torch-legacy.pt"])
@pytest.mark.parametrize("weights_only", [True, False])
def test_reads_what_torch_wrote(name, weights_only):
    found = load(DATA / name, weights_only=weights_only)
    assert found["x"].tolist() == [[0, 1, 2], [3, 4, 5]] and found["y"].stride() == (1, 3)
    found["x"][0, 1] = 7.0
    assert found["y"][1, 0].item() == 7.0
    assert type(found["p"]) is Parameter and found["p"].dtype is nb_nn.float64 and found["p"].tolist() == [1.5, -2]
    assert found["b"].dtype is nb_nn.bfloat16 and found["b"].float().tolist() == [0.5]
    assert found["u"].tolist() == [True, False]
    assert found["size"] == (2, 3) and found["kind"] is nb_nn.int32 and found["n"] == [1, None, "a", (2.5,)]
    assert found._metadata == {"version": 1}


def test_files_of_the_other_byte_order():
    def change(records):
        storage = np.frombuffer(records["archive/data/0"], np.float32).byteswap()
        return {**records, "archive/data/0": storage.tobytes(), "archive/byteorder": b"big"}
    assert load(repacked(saved(tensor([1.0, -2.5])), change)).tolist() == [1, -2.5]


def test_any_folder_name_and_no_byteorder():
    change = lambda records: {"model" + name[7:]: record for name, record in records.items() if "byteorder" not in name}
    assert load(repacked(saved(tensor([3.0])), change)).tolist() == [3]


# ---- files -------------------------------------------------------------------------------------------------------------

def test_paths_and_permissions(tmp_path):
    path = tmp_path / "model.pt"
    save(tensor([1.0]), str(path))
    os.chmod(path, 0o640)
    save(tensor([2.0]), path)
    assert load(str(path)).tolist() == [2] and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["model.pt"]


def test_a_link_stays_a_link(tmp_path):
    link = tmp_path / "latest.pt"
    link.symlink_to("model.pt")
    save(tensor([1.0]), link)
    assert link.is_symlink() and load(tmp_path / "model.pt").tolist() == [1]


def test_file_objects_that_cannot_seek():
    class Stream(io.RawIOBase):
        def __init__(self, content=b""):
            self.content = io.BytesIO(content)
        readable = writable = lambda self: True
        def write(self, data):
            return self.content.write(data)
        def read(self, count=-1):
            return self.content.read(count)
    out = Stream()
    save(tensor([1.0, 2.0]), out)
    assert load(Stream(out.content.getvalue())).tolist() == [1, 2]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    save(tensor([1.0]), path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match="unchanged"):
            save(nb_nn.zeros(100_000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert load(path).tolist() == [1] and os.listdir(tmp_path) == ["model.pt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device():
    with pytest.raises(OSError, match="No space left"):
        save(nb_nn.zeros(100_000), "/dev/full")


def test_what_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    save(tensor([1.0]), path)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        save([tensor([2.0]), lambda: None], path)
    assert load(path).tolist() == [1]


def test_wrong_files():
    with pytest.raises(TypeError, match="save: .*'wb', got StringIO"):
        save(tensor([1.0]), io.StringIO())
    with pytest.raises(TypeError, match="load: .*'rb', got int"):
        load(3)
    with pytest.raises(FileNotFoundError):
        load("no such file.pt")


# ---- map_location ------------------------------------------------------------------------------------------------------

@pytest.fixture
def from_gpu():
    def change(records):
        pickled = records["archive/data.pkl"].replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
        return {**records, "archive/data.pkl": pickled}
    return repacked(saved([tensor([1.0])]), change)


@pytest.mark.parametrize("where", ["cpu", nb_nn.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage])
def test_storages_go_where_they_are_wanted(from_gpu, where):
    found, = load(from_gpu, map_location=where)
    assert found.tolist() == [1] and found.device.type == "cpu"


@pytest.mark.skipif(nb_nn.cuda.is_available(), reason="needs a machine without a GPU")
@pytest.mark.parametrize("where", [None, {}, lambda storage, location: None])
def test_a_missing_device_is_named_with_the_way_out(from_gpu, where):
    with pytest.raises(RuntimeError, match="saved on cuda:0.*map_location='cpu'"):
        load(from_gpu, map_location=where)


# ---- malice and damage -------------------------------------------------------------------------------------------------

class Malicious:
    def __reduce__(self):
        return os.mkdir, ("/tmp/nb_nn-must-not-exist",)


def test_nothing_in_the_file_is_run():
    with pytest.raises(pickle.UnpicklingError, match=r"mkdir.*weights_only=False"):
        reloaded({"weight": tensor([1.0]), "extra": Malicious()})
    assert not os.path.exists("/tmp/nb_nn-must-not-exist")


class Own:
    def __init__(self):
        self.value = tensor([1.0])


def test_own_classes_need_trust():
    with pytest.raises(pickle.UnpicklingError, match="test_serialization.Own"):
        reloaded(Own())
    assert reloaded(Own(), weights_only=False).value.tolist() == [1]
    assert reloaded(Own(), pickle_module=pickle).value.tolist() == [1]
    with pytest.raises(RuntimeError, match="weights_only=True"):
        reloaded(Own(), weights_only=True, pickle_module=pickle)


MALICIOUS_PICKLES = [
    b"\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.",                                    # a function that is not known
    b"\x80\x02ccollections\nOrderedDict\n}X\x04\x00\x00\x00evilK\x01sb.",                    # changes a class
    b"\x80\x02(K\x01ios\nsystem\n.",                                                         # the old way to call
    b"\x80\x02K\x01)R.",                                                                     # calls a number
    b"\x80\x02\x82\x01.",                                                                    # a registered extension
    b"\x80\x02]}X\x01\x00\x00\x00aK\x01sb.",                                                 # sets a list's attributes
]


@pytest.mark.parametrize("pickled", MALICIOUS_PICKLES)
def test_malicious_pickles_are_refused(pickled):
    with pytest.raises(pickle.UnpicklingError):
        load(repacked(saved(1), lambda records: {**records, "archive/data.pkl": pickled}))


@pytest.mark.parametrize("size, stride, offset", [((9,), (1,), 0), ((2,), (1,), 7), ((2,), (-1,), 3), ((-1,), (1,), 0),
                                                  ((2, 2), (1,), 0), ((2 ** 40, 2 ** 40), (2 ** 40, 1), 0)])
def test_tensors_outside_their_storage_are_refused(size, stride, offset):
    from nb_nn import rebuild
    storage = rebuild.TypedStorage(rebuild.Storage(np.zeros(8, np.float32)), nb_nn.float32, nb_nn.device("cpu"))
    with pytest.raises(RuntimeError, match="size"):
        rebuild._rebuild_tensor(storage, offset, size, stride)


def test_every_truncation_is_a_clear_error():
    for content in (saved([nb_nn.arange(20), "text"]), (DATA / "torch-legacy.pt").read_bytes()):
        for length in [*range(0, len(content), 37), len(content) - 1]:
            with pytest.raises(RuntimeError, match="damaged|no checkpoint"):
                load(io.BytesIO(content[:length]))


def test_random_damage_raises_or_goes_unnoticed_but_nothing_else():
    rng = np.random.default_rng(0)
    for content in (saved([nb_nn.arange(20), "text"]), (DATA / "torch-legacy.pt").read_bytes()):
        for _ in range(300):
            damaged = bytearray(content)
            damaged[rng.integers(len(content))] = rng.integers(256)
            with contextlib.suppress(RuntimeError, pickle.UnpicklingError):
                load(io.BytesIO(damaged))


def test_a_changed_weight_does_not_pass():
    content = saved(nb_nn.ones(1000))
    position = content.index(tensor([1.0]).numpy().tobytes() * 10) + 5
    with pytest.raises(RuntimeError, match="damaged"):
        load(io.BytesIO(content[:position] + b"\x55" + content[position + 1:]))


def test_missing_and_wrong_records():
    content = saved(nb_nn.ones(4))
    with pytest.raises(RuntimeError, match="data/0 is missing"):
        load(repacked(content, lambda records: {k: v for k, v in records.items() if k != "archive/data/0"}))
    with pytest.raises(RuntimeError, match="has 3 bytes, expected 16"):
        load(repacked(content, lambda records: {**records, "archive/data/0": b"abc"}))
    with pytest.raises(RuntimeError, match="no data.pkl"):
        load(repacked(content, lambda records: {"other": b""}))
    with pytest.raises(RuntimeError, match="byte order as 'middle'"):
        load(repacked(content, lambda records: {**records, "archive/byteorder": b"middle"}))


@pytest.mark.parametrize("content", [b"", b"x", b"just some text\n" * 10, b"\x89PNG....", pickle.dumps([1, 2])])
def test_other_files_are_no_checkpoints(content):
    with pytest.raises(RuntimeError, match="no checkpoint"):
        load(io.BytesIO(content))


# ---- maps, names and byte orders ---------------------------------------------------------------------------------------

def test_mapped_tensors_show_the_file_and_do_not_change_it(tmp_path):
    path = tmp_path / "x.pt"
    whole = nb_nn.arange(1000.0)
    save({"a": whole[10:20], "b": whole, "c": nb_nn.tensor([1, 2]), "none": nb_nn.empty(0)}, path)
    before = path.read_bytes()
    found = load(path, mmap=True)
    assert found["a"].tolist() == list(range(10, 20)) and found["c"].tolist() == [1, 2] and found["none"].shape == (0,)
    found["b"].add_(1)
    assert found["a"][0] == 11 and path.read_bytes() == before and load(path)["b"][0] == 0
    assert load(path, mmap=True, weights_only=False)["b"].sum() == whole.sum()


def test_maps_may_write_to_the_file(tmp_path):
    path, options = tmp_path / "x.pt", nb_nn.serialization.get_default_mmap_options
    save(nb_nn.zeros(3), path)
    with nb_nn.serialization.set_default_mmap_options(mmap.MAP_SHARED):
        assert options() == mmap.MAP_SHARED
        load(path, mmap=True).fill_(7)
    assert options() == mmap.MAP_PRIVATE
    with nb_nn.serialization.set_default_mmap_options(mmap.MAP_SHARED):
        assert load(path, mmap=True).tolist() == [7, 7, 7]
    with pytest.raises(ValueError, match="but got 77"):
        nb_nn.serialization.set_default_mmap_options(77)


def test_what_cannot_be_mapped_is_read_or_refused(tmp_path):
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, zipfile.ZipFile(io.BytesIO(saved(nb_nn.ones(9)))) as plain:
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert load(path, mmap=True).tolist() == [1] * 9
    with pytest.raises(ValueError, match="must be a file path"):
        load(io.BytesIO(saved(nb_nn.ones(2))), mmap=True)
    for old in DATA.glob("*legacy*"):
        with pytest.raises(RuntimeError, match="mmap can only be used"):
            load(old, mmap=True)
    cut = tmp_path / "cut.pt"
    cut.write_bytes(saved(nb_nn.ones(100))[:-40])
    with pytest.raises(RuntimeError, match="damaged"):
        load(cut, mmap=True)


def test_names_that_would_be_refused_are_told(tmp_path):
    path = tmp_path / "x.pt"
    save({"a": nb_nn.ones(2), "f": [fractions.Fraction(1, 2), OrderedDict()], "d": decimal.Decimal(3)}, path)
    names = nb_nn.serialization.get_unsafe_globals_in_checkpoint(path)
    assert names == ["decimal.Decimal", "fractions.Fraction"]
    with nb_nn.serialization.safe_globals([fractions.Fraction]):
        assert nb_nn.serialization.get_unsafe_globals_in_checkpoint(path) == ["decimal.Decimal"]
    with pytest.raises(ValueError, match="expected a checkpoint in the zip format"):
        nb_nn.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(b"nothing"))


def test_the_byte_order_of_files_that_do_not_tell_it():
    set_order, order = nb_nn.serialization.set_default_load_endianness, nb_nn.serialization.LoadEndianness
    content = saved(nb_nn.tensor([1, 256], dtype=nb_nn.int16))

    def silent():
        return repacked(content, lambda records: {name: record for name, record in records.items() if not name.endswith("byteorder")})

    assert load(silent()).tolist() == [1, 256]
    try:
        set_order(order.BIG)
        assert nb_nn.serialization.get_default_load_endianness() is order.BIG and load(silent()).tolist() == [256, 1]
        set_order(order.LITTLE)
        assert load(silent()).tolist() == [1, 256]
    finally:
        set_order(None)
    with pytest.raises(TypeError, match="LoadEndianness or None"):
        set_order("big")
