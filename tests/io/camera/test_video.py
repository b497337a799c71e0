"""Videos are read at their own timestamps, upright, or refused in one line."""

import warnings
from fractions import Fraction

import av
import numpy as np
import pytest

from isc.io.camera.container import BrokenVideoError, VideoError
from isc.io.camera.video import probe_video, read_frames
from isc.io.camera.writer import write_video

HEIGHT, WIDTH = 48, 64


def pictures(n, *, seed=0):
    """Coloured noise in blocks of 8 pixels, which survives compression."""
    blocks = np.random.default_rng(seed).integers(0, 256, (n, HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


def encode(path, frames, *, codec="libx264", rate=30, prepare=None, container_options=None):
    """Write pictures with PyAV; `prepare(stream)` sets what a test is about."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if prepare is not None:
            prepare(stream)
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))


def encode_at(path, frames, ticks, *, rate=25, seconds_per_tick=Fraction(1, 1000)):
    """Write each picture as a JPEG of its own with the given presentation timestamps, in any order."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=rate)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = 2  # equal pictures become equal bytes
        for position, (picture, tick) in enumerate(zip(frames, ticks, strict=True)):
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture)):
                packet.time_base = seconds_per_tick
                packet.dts, packet.pts = position, tick
                container.mux(packet)


def cut(path, share):
    """Keep the first share of a file's bytes."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def error_of(path):
    """One-line message with which both readers refuse a file."""
    messages = set()
    for read in (probe_video, lambda p: next(read_frames(p))):
        with pytest.raises(VideoError) as caught:
            read(path)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        messages.add(str(caught.value))
    assert len(messages) == 1
    message = messages.pop()
    assert "\n" not in message
    assert message.startswith(path.name)
    return message


def test_a_film_gives_back_its_pictures_and_times(tmp_path):
    shown = pictures(20)
    write_video(tmp_path / "film.mp4", shown, rate=25)
    frames = list(read_frames(tmp_path / "film.mp4"))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / 25)
    for frame, picture in zip(frames, shown, strict=True):
        assert frame.picture.dtype == np.uint8
        assert np.abs(frame.picture[4::8, 4::8].astype(int) - picture[4::8, 4::8]).mean() < 15


def test_probing_tells_duration_rate_and_size_without_warnings(tmp_path):
    write_video(tmp_path / "film.mp4", pictures(60), rate=30000 / 1001)
    info = probe_video(tmp_path / "film.mp4")
    assert (info.width, info.height, info.n_frame, info.rotation, info.warnings) == (WIDTH, HEIGHT, 60, 0, ())
    assert info.rate == pytest.approx(30000 / 1001, rel=1e-6)
    assert info.duration == pytest.approx(60 * 1001 / 30000, abs=1e-3)


def test_pictures_are_contiguous_where_the_decoder_pads_its_rows(tmp_path):
    path = tmp_path / "padded.mp4"
    encode(path, np.full((3, 60, 90, 3), 128, np.uint8))
    with av.open(str(path)) as container:
        padded = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert not padded.flags.c_contiguous  # else this test would prove nothing
    assert all(frame.picture.flags.c_contiguous for frame in read_frames(path))


def test_times_are_the_timestamps_of_a_variable_rate_and_the_unevenness_is_told(tmp_path):
    ticks = [0, 33, 67, 100, 600, 633, 667, 1000]
    encode_at(tmp_path / "variable.mkv", pictures(8), ticks, rate=30)
    times = [frame.time for frame in read_frames(tmp_path / "variable.mkv")]
    np.testing.assert_allclose(times, np.array(ticks) / 1000)
    info = probe_video(tmp_path / "variable.mkv")
    assert info.rate == pytest.approx(30, rel=0.01)
    (warning,) = info.warnings
    assert "variable frame rate, intervals of 33 to 500 ms; the timestamps are used" in warning


def test_intervals_of_two_lengths_give_the_rate_of_the_shorter(tmp_path):
    encode_at(tmp_path / "two.mkv", pictures(5), [0, 20, 120, 140, 240])
    assert probe_video(tmp_path / "two.mkv").rate == pytest.approx(50)


def test_a_header_that_says_25_over_timestamps_of_30_is_not_believed(tmp_path):
    encode_at(tmp_path / "wrong.mkv", pictures(90), [round(k * 1000 / 30) for k in range(90)], rate=25)
    info = probe_video(tmp_path / "wrong.mkv")
    assert info.rate == pytest.approx(30, rel=1e-3)
    assert info.header_rate == 25
    (warning,) = info.warnings
    assert "the header says 25 frames per second, the timestamps 30" in warning
    assert list(read_frames(tmp_path / "wrong.mkv"))[-1].time == pytest.approx(89 / 30, abs=1e-3)


def test_the_rate_that_the_codec_claims_is_compared_where_the_container_claims_none(tmp_path):
    write_video(tmp_path / "claims25.mp4", pictures(30), rate=25)
    with av.open(str(tmp_path / "claims25.mp4")) as source, av.open(str(tmp_path / "runs30.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream, packet.time_base = stream, packet.time_base * Fraction(25, 30)
                target.mux(packet)
    info = probe_video(tmp_path / "runs30.mp4")
    assert info.rate == pytest.approx(30, rel=1e-4)
    assert info.header_rate == 25


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_a_film_that_a_phone_stored_turned_comes_out_upright(tmp_path, rotation):
    upright = pictures(3)
    stored = np.ascontiguousarray(np.rot90(upright, -rotation // 90, axes=(1, 2)))
    encode(tmp_path / "turned.mp4", stored, prepare=lambda stream: stream.set_display_rotation(rotation))
    frame = next(read_frames(tmp_path / "turned.mp4"))
    assert frame.picture.shape == upright.shape[1:]
    assert np.abs(frame.picture[4::8, 4::8].astype(int) - upright[0, 4::8, 4::8]).mean() < 15
    info = probe_video(tmp_path / "turned.mp4")
    assert (info.width, info.height, abs(info.rotation)) == (WIDTH, HEIGHT, abs(rotation))


def test_pixels_that_are_not_square_are_resampled_to_square_ones(tmp_path):
    def stretch(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)

    encode(tmp_path / "wide.mkv", pictures(3), prepare=stretch)
    assert next(read_frames(tmp_path / "wide.mkv")).picture.shape == (HEIGHT, 93, 3)
    assert probe_video(tmp_path / "wide.mkv").width == 93


def test_a_film_that_changes_its_size_keeps_the_first_one(tmp_path):
    shown = pictures(6)
    for name, frames in (("small", shown[:3]), ("large", shown[3:].repeat(2, axis=1).repeat(2, axis=2))):
        encode(tmp_path / f"{name}.mkv", frames, codec="mjpeg", rate=25)
    with av.open(str(tmp_path / "grows.mkv"), "w") as target:
        stream = target.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuvj420p"
        for start, name in enumerate(("small", "large")):
            with av.open(str(tmp_path / f"{name}.mkv")) as source:
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.stream = stream
                        packet.pts = packet.dts = packet.pts + 120 * start  # milliseconds
                        target.mux(packet)
    frames = list(read_frames(tmp_path / "grows.mkv"))
    assert [frame.picture.shape for frame in frames] == [(HEIGHT, WIDTH, 3)] * 6
    for frame, picture in zip(frames, shown, strict=True):
        assert np.abs(frame.picture[4::8, 4::8].astype(int) - picture[4::8, 4::8]).mean() < 20


def test_every_third_frame_keeps_its_own_time(tmp_path):
    write_video(tmp_path / "film.mp4", pictures(10), rate=10)
    times = [frame.time for frame in read_frames(tmp_path / "film.mp4", every=3)]
    np.testing.assert_allclose(times, [0, 0.3, 0.6, 0.9])


def test_zero_as_every_is_refused(tmp_path):
    with pytest.raises(ValueError, match="every is 0, but it counts frames: give 1 or more"):
        next(read_frames(tmp_path / "film.mp4", every=0))


@pytest.mark.parametrize("name", ["-film.mp4", "Müller 🎬 a#b?c%d.mp4", "concat:a|b.mp4", "u" * 240 + ".mp4"])
def test_any_name_that_a_file_can_have_is_read(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "film.mp4", pictures(3), rate=25)
    (tmp_path / "film.mp4").rename(tmp_path / name)
    assert len(list(read_frames(name))) == 3


def test_metadata_in_another_encoding_do_not_prevent_reading(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "XXXX"
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pictures(1)[0])))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"XXXX", b"\xff\xfe\xe9\xff"))
    assert probe_video(path).n_frame == 1


def test_exact_duplicates_are_dropped_and_counted(tmp_path):
    shown = pictures(6)
    encode_at(tmp_path / "twice.mov", shown[[0, 1, 1, 2, 2, 3]], [100, 140, 140, 180, 180, 220])
    with pytest.warns(UserWarning, match="twice.mov: 2 exact duplicates of frames dropped"):
        times = [frame.time for frame in read_frames(tmp_path / "twice.mov")]
    np.testing.assert_allclose(times, [0.10, 0.14, 0.18, 0.22])


def test_two_different_frames_at_one_time_are_refused(tmp_path):
    encode_at(tmp_path / "clash.mov", pictures(4), [100, 140, 140, 180])
    with pytest.raises(VideoError, match="clash.mov has two different frames at 0.140 s; timestamps must increase"):
        list(read_frames(tmp_path / "clash.mov"))


def test_time_that_runs_backwards_is_refused(tmp_path):
    encode_at(tmp_path / "back.mov", pictures(4), [100, 180, 140, 220])
    with pytest.raises(VideoError, match="back.mov has a frame at 0.140 s after one at 0.180 s"):
        list(read_frames(tmp_path / "back.mov"))


@pytest.mark.parametrize("ending, options", [("mp4", {"movflags": "faststart"}), ("mkv", {})])
def test_a_truncated_film_is_refused_with_the_time_of_the_break(tmp_path, ending, options):
    path = tmp_path / f"half.{ending}"
    encode(path, pictures(120), container_options=options)
    cut(path, 0.5)
    with pytest.raises(BrokenVideoError, match=r"half.* at [12]\.\d\d s of 4.00 s; copy .* allow_truncated") as caught:
        list(read_frames(path))
    assert "\n" not in str(caught.value)


def test_the_frames_before_the_break_are_kept_when_that_is_allowed(tmp_path):
    path = tmp_path / "half.mp4"
    encode(path, pictures(120), container_options={"movflags": "faststart"})
    whole = {frame.time: frame.picture for frame in read_frames(path)}
    cut(path, 0.5)
    with av.open(str(path)) as container:
        n_whole = sum(packet.size > 0 and not packet.is_corrupt for packet in container.demux(video=0))
    with pytest.warns(UserWarning, match=r"half.mp4 breaks off .* of 4.00 s; the frames before are kept"):
        kept = list(read_frames(path, allow_truncated=True))
    assert 40 < len(kept) == n_whole < 70  # none is lost that the decoder held back for its order
    for frame in kept:
        assert np.array_equal(frame.picture, whole[frame.time])


def test_a_film_damaged_in_the_middle_is_refused(tmp_path):
    path = tmp_path / "holed.mp4"
    encode(path, pictures(120))
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 3000] = bytes(3000)
    path.write_bytes(content)
    with pytest.raises(BrokenVideoError, match="holed.mp4 breaks off or is damaged at"):
        list(read_frames(path))


def test_a_film_damaged_in_its_last_half_second_is_refused(tmp_path):
    path = tmp_path / "end.mp4"
    encode(path, pictures(120), container_options={"movflags": "faststart"})
    cut(path, 0.95)
    with pytest.raises(BrokenVideoError, match=r"end.mp4 breaks off or is damaged at 3.\d\d s of 4.00 s"):
        list(read_frames(path))


def test_a_film_whose_index_was_never_written_says_so(tmp_path):
    encode(tmp_path / "cut.mp4", pictures(120))
    cut(tmp_path / "cut.mp4", 0.5)
    assert "has no index (no moov atom)" in error_of(tmp_path / "cut.mp4")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert "does not exist" in error_of(tmp_path / "absent.mp4")
    assert "is not a file" in error_of(tmp_path)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is empty (0 bytes)"),
        (b"onset\tduration\n0\t1\n" * 50, "is not a video"),
        (b"ffconcat version 1.0\nfile film.mp4\n", "is not a video"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfilm.mp4\n#EXT-X-ENDLIST\n", "is not a video"),
    ],
    ids=["nothing", "text", "list of files", "playlist"],
)
def test_a_file_that_only_has_the_name_of_a_film_is_refused(tmp_path, content, said):
    write_video(tmp_path / "film.mp4", pictures(3), rate=25)  # what the lists refer to
    (tmp_path / "other.mp4").write_bytes(content)
    assert said in error_of(tmp_path / "other.mp4")


def test_the_decoder_would_follow_a_list_of_files_if_it_were_let(tmp_path):
    write_video(tmp_path / "film.mp4", pictures(3), rate=25)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile film.mp4\n")
    with av.open(str(tmp_path / "list.mp4")) as container:
        assert container.format.name == "concat"  # else the test above would prove nothing


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/film.mp4", "concat:film.mp4|film.mp4", "pipe:0"])
def test_an_address_is_taken_for_the_name_of_a_file(tmp_path, address, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video("film.mp4", pictures(3), rate=25)
    with pytest.raises(VideoError, match="does not exist or is not a file"):
        probe_video(address)


def test_sound_without_pictures_is_refused(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        silence.rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    assert "holds sound only" in error_of(tmp_path / "sound.mp4")


def test_a_song_with_a_cover_picture_is_no_film(tmp_path):
    from av.stream import Disposition

    with av.open(str(tmp_path / "song.mp4"), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.height, cover.width, cover.pix_fmt = HEIGHT, WIDTH, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        sound = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        silence.rate = 8000
        container.mux(cover.encode(av.VideoFrame.from_ndarray(pictures(1)[0])))
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    assert "holds sound only" in error_of(tmp_path / "song.mp4")


def test_a_codec_that_is_not_known_is_refused(tmp_path):
    path = tmp_path / "strange.mp4"
    write_video(path, pictures(3), rate=25)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))
    assert "uses a codec that cannot be decoded here" in error_of(path)


def test_frames_of_absurd_size_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    write_video(tmp_path / "film.mp4", pictures(3), rate=25)
    monkeypatch.setattr("isc.io.camera.container.MAX_PIXELS", HEIGHT * WIDTH - 1)
    assert "declares frames of 64 x 48 pixels; at most 3071 pixels are decoded" in error_of(tmp_path / "film.mp4")


def test_a_film_of_one_frame_has_no_rate(tmp_path):
    write_video(tmp_path / "one.mp4", pictures(1), rate=25)
    info = probe_video(tmp_path / "one.mp4")
    assert info.n_frame == 1
    assert np.isnan(info.rate)
    assert len(list(read_frames(tmp_path / "one.mp4"))) == 1


def test_a_reader_that_stops_early_lets_go_of_the_file_silently(tmp_path):
    write_video(tmp_path / "film.mp4", pictures(30), rate=25)
    frames = read_frames(tmp_path / "film.mp4")
    next(frames)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frames.close()


def test_pictures_with_an_odd_side_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="pictures are 63 x 48 pixels; H.264 needs an even width and height"):
        write_video(tmp_path / "odd.mp4", pictures(3)[:, :, 1:], rate=25)


def test_a_film_without_a_frame_is_refused(tmp_path):
    with av.open(str(tmp_path / "empty.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuvj420p"
        container.start_encoding()
    with pytest.raises(VideoError, match="empty.avi holds no frame"):
        probe_video(tmp_path / "empty.avi")


@pytest.mark.external
def test_real_films_are_read_to_their_ends(external_data):
    for path in sorted((external_data / "faces").glob("pyfeat_*")):
        info = probe_video(path)
        times = [frame.time for frame in read_frames(path)]
        assert times[-1] == pytest.approx(info.duration, abs=2 / info.rate)
        assert (np.diff(times) > 0).all()
