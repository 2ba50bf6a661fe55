#!/usr/bin/env python3
"""Does the simulation find what it is there for?

Each tests/sim/mutants/*.patch puts one deliberate defect into the engine. For each, a copy of the sources is patched and
built, and broadside_sim runs its seeds: one must be wrong. A seed that takes too long is no proof, unless the patch says
"must hang" before its first "---". First of all no seed may be wrong on the sources as they are.

    mutants.py [--work DIR] [--seeds N] [--jobs N] [NAME...]

Takes about half a minute a defect after the first build. Exit code 0: all were found; 1: some were not; 2: it could not
be tried (a patch that does not apply any more, a build that failed).
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PATCHES = SOURCE / "tests" / "sim" / "mutants"
NEEDED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "include", "src", "examples", "tests", "bench", "README.md",
          "CHANGELOG.md", "LICENSE", ".clang-format"]


def fail(words):
    print(words, file=sys.stderr)
    sys.exit(2)


def run(command, cwd, **how):
    return subprocess.run([str(word) for word in command], cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **how)


def copy_sources(to):
    """Only what changed is copied, so that a second run builds little."""
    for name in NEEDED:
        source = SOURCE / name
        if not source.exists():
            continue
        files = [f for f in source.rglob("*") if f.is_file()] if source.is_dir() else [source]
        for each in files:
            there = to / each.relative_to(SOURCE)
            if there.exists() and there.read_bytes() == each.read_bytes():
                continue
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, there)


def build(tree, folder):
    done = run(["ninja", "-C", folder, "broadside_sim"], tree)
    if done.returncode:
        fail(f"the build failed:\n{done.stdout[-4000:]}")


def simulate(folder, seeds, jobs, may_hang=False):
    """None: nothing was wrong. Else the seed and what was wrong with it."""
    program = next(folder.rglob("broadside_sim"))
    first = 1
    while first <= seeds:
        done = run([program, "--seeds", f"{first}..{seeds}", "--jobs", jobs, "--first", "--seconds", 20], folder)
        if done.returncode == 0:
            return None
        found = re.search(r"^seed (\d+) fails: (.*)", done.stdout, re.MULTILINE)
        if done.returncode != 1 or not found:
            fail(f"broadside_sim ended with {done.returncode}:\n{done.stdout[-2000:]}")
        if may_hang or not found.group(2).startswith("it is still running after"):
            return f"seed {found.group(1)}: {found.group(2)}"[:150]
        first = int(found.group(1)) + 1
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which; default: all")
    parser.add_argument("--work", type=pathlib.Path, help="kept between runs; default: a temporary folder")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    work = (options.work or pathlib.Path(tempfile.mkdtemp(prefix="broadside-mutants-"))).resolve()
    tree, folder = work / "tree", work / "build"
    copy_sources(tree)
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    done = run(["cmake", "--preset", "release", "-S", tree, "-B", folder, *launcher], tree)
    if done.returncode:
        fail(f"it cannot be configured:\n{done.stdout[-4000:]}")
    build(tree, folder)
    if said := simulate(folder, options.seeds, options.jobs):
        fail(f"without any defect: {said}")

    missed = []
    patches = sorted(p for p in PATCHES.glob("*.patch") if not options.names or p.stem in options.names)
    for patch in patches:
        applied = run(["patch", "-p1", "--no-backup-if-mismatch", "-i", patch], tree)
        if applied.returncode:
            fail(f"{patch.stem} does not apply any more:\n{applied.stdout}")
        build(tree, folder)
        must_hang = "must hang" in patch.read_text().split("---", 1)[0]
        said = simulate(folder, options.seeds, options.jobs, must_hang)
        print(f"{'found ' if said else 'MISSED'}  {patch.stem:32} {said or ''}", flush=True)
        if not said:
            missed.append(patch.stem)
        run(["patch", "-p1", "-R", "--no-backup-if-mismatch", "-i", patch], tree)
    print(f"{len(patches) - len(missed)} of {len(patches)} found within {options.seeds} seeds")
    if not options.work:
        shutil.rmtree(work)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
