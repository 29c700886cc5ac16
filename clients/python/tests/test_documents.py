"""Projects' files, notebooks, code that runs once, and what is made of a name from a sandbox."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cellblock import Cellblock, CellblockError, Project, ResultFile


def test_files_go_up_and_come_down(cellblock: Cellblock, project: Project, tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(range(256)) * 20_000)
    project.upload(source, "folder/with space/a#b?.bin")
    project.upload(b"", "empty.txt")
    listed = {entry["path"]: entry["size"] for entry in project.files(recursive=True) if entry["kind"] == "file"}
    assert listed == {"folder/with space/a#b?.bin": source.stat().st_size, "empty.txt": 0}
    told: list[tuple[int, int | None]] = []
    copy = project.download(
        "folder/with space/a#b?.bin", tmp_path / "copy.bin", progress=lambda done, total: told.append((done, total))
    )
    assert copy.read_bytes() == source.read_bytes()
    assert told[-1][0] == source.stat().st_size
    archive = project.download("folder", tmp_path / "folder.zip", archive=True)
    with zipfile.ZipFile(archive) as files:
        assert [name for name in files.namelist() if name.endswith("a#b?.bin")]
    project.remove("folder", recursive=True)
    assert [entry["path"] for entry in project.files()] == ["empty.txt"]
    assert project.id in [other.id for other in cellblock.projects()]
    assert cellblock.project(project.id).view["name"] == project.view["name"]


def test_sessions_see_the_files_of_their_project(cellblock: Cellblock, project: Project) -> None:
    project.upload(b"42", "answer.txt")
    with cellblock.create_session(project=project) as session:
        assert session.run("int(open('answer.txt').read())").text == "42"
        session.run("open('made.txt', 'w').write('by code')")
        assert project.read("made.txt") == b"by code"


def test_notebooks_are_edited_by_revision_and_run(cellblock: Cellblock, project: Project) -> None:
    notebook = cellblock.create_notebook("sums", project=project, cells=["x = 20", "x + 1"])
    first, second = notebook.run()["cells"]
    assert second["outputs"][0]["data"]["text/plain"] == "21"
    edited = notebook.edit_cell(first["cell_id"], "x = 41", revision=first["revision"])
    with pytest.raises(CellblockError) as refused:
        notebook.edit_cell(first["cell_id"], "x = 0", revision=first["revision"])
    assert refused.value.name == "CellConflict"
    assert refused.value.details["current"]["source"] == "x = 41"
    assert notebook.run()["cells"][1]["outputs"][0]["data"]["text/plain"] == "42"
    added = notebook.add_cell("x * 2")
    assert notebook.run(added["cell_id"])["cells"][2]["outputs"][0]["data"]["text/plain"] == "82"
    notebook.delete_cell(first["cell_id"], revision=edited["revision"])
    assert [cell["source"] for cell in notebook.read()["cells"]] == ["x + 1", "x * 2"]
    assert b"x * 2" in notebook.export("py")
    assert notebook.id in [view["notebook_id"] for view in cellblock.notebooks(project=project)]


def test_code_runs_once_with_data_and_files(cellblock: Cellblock, tmp_path: Path) -> None:
    result = cellblock.execute(
        "total = sales.n.sum() + int(open('more.txt').read())\nframe = sales\nint(total)",
        datasets={"sales": [{"n": 1}, {"n": 2}]},
        files={"more.txt": b"39"},
        exports={"frame": "csv"},
    )
    assert result.text == "42"
    [file] = result.exports
    assert file.save(tmp_path).read_bytes() == file.content
    assert b"n" in file.content
    assert cellblock.execute("1/0").status == "error"


def test_a_name_from_a_sandbox_leads_nowhere_else(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    assert ResultFile("../outside.txt", b"x").save(inside) == inside / "outside.txt"
    with pytest.raises(ValueError, match="no name of a file"):
        ResultFile("..", b"x").save(inside)


def test_images_are_listed(cellblock: Cellblock) -> None:
    assert "data" in [image["name"] for image in cellblock.images()]
