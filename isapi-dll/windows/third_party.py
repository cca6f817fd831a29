"""Prints the licences of the crates that the Windows side is made of: third_party.py TARGET.

Binaries carry other people's code, whose licences ask to be carried along.
"""

import json
import subprocess
import sys
from pathlib import Path

target = sys.argv[1]
command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
metadata = json.loads(subprocess.check_output(command))
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

# What is linked: normal dependencies, and theirs, of this project's own crates for Windows.
own = {"isapi-dll", "isapi-core", "isapi-shim"}
waiting = [key for key in metadata["workspace_members"] if packages[key]["name"] in own]
seen = set()
while waiting:
    key = waiting.pop()
    if key in seen:
        continue
    seen.add(key)
    for dependency in nodes[key]["deps"]:
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            waiting.append(dependency["pkg"])

texts = {}
for key in seen - set(metadata["workspace_members"]):
    package = packages[key]
    title = f"{package['name']} {package['version']} ({package['license']})"
    folder = Path(package["manifest_path"]).parent
    names = ("license", "licence", "copying", "notice", "unlicense")
    found = [f for f in sorted(folder.iterdir()) if f.is_file() and f.name.lower().startswith(names)]
    for file in found:
        text = file.read_text(encoding="utf-8", errors="replace").strip()
        texts.setdefault(text, []).append(title)
    if not found:
        texts.setdefault(f"(no text in the crate; {package['license']})", []).append(title)

print("The programs and libraries of this archive contain these crates, under these licences.")
for text, titles in sorted(texts.items(), key=lambda item: sorted(item[1])):
    print("\n" + "=" * 100)
    print("\n".join(sorted(titles)))
    print("-" * 100)
    print(text)
