"""The floor: what bare runc takes to run the image's root file system, with no engine around it."""
import json
import os
import subprocess
import tarfile

from measure import timed


class Floor:
    """A bundle (OCI runtime specification) of the image, with the namespaces that an engine would use."""

    def __init__(self, scratch, archive):
        self.bundle = scratch / "floor"
        root = self.bundle / "rootfs"
        root.mkdir(parents=True)
        with tarfile.open(archive) as outer:
            manifest = json.load(outer.extractfile("manifest.json"))
            for layer in manifest[0]["Layers"]:
                subprocess.run(["tar", "-x", "-C", str(root)], input=outer.extractfile(layer).read(), check=True)
        subprocess.run(["runc", "spec", "--bundle", str(self.bundle)], check=True)
        configuration = json.loads((self.bundle / "config.json").read_text())
        configuration["process"]["args"] = ["/bin/true"]
        configuration["process"]["terminal"] = False
        configuration["linux"]["cgroupsPath"] = "/floor"
        (self.bundle / "config.json").write_text(json.dumps(configuration))

    def times(self, count):
        words = ["runc", "--root", str(self.bundle / "state"), "run", "--bundle", str(self.bundle), "floor"]
        return [timed(words, dict(os.environ))[0] for _ in range(count + 1)][1:]
