//! Packages that are built on others: repositories, the lock file, the cache. Everything is local; the cache is that of
//! the test.

use crate::binary::{self, Run, expect};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A check of what a few runs do, in a folder of its own.
type Check = (&'static str, fn(&World) -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("a-lock-is-written-once", written_once),
    ("a-lock-pins-a-branch", pinned),
    ("a-changed-manifest-changes-the-lock", changed),
    ("locked-refuses-a-change", locked),
    ("offline-needs-the-cache", offline),
    ("a-circle-is-shown", circle),
    ("a-repository-within-a-repository", nested),
    ("no-dependencies-no-lock", without),
    ("json-names-the-place", json),
    ("repositories-run-nothing", harmless),
    ("an-edited-cache-is-not-used", edited),
    ("what-is-not-there-is-named", not_there),
    ("the-machine-is-at-fault", machine),
    ("one-mistake-one-complaint", one_mistake),
];

/// One trial for each check.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let (name, check) = (*name, *check);
        Trial::test(format!("packages/{name}"), move || check(&World::new(name)?).map_err(Failed::from))
    };
    CHECKS.iter().map(trial).collect()
}

/// A folder with repositories, packages and a cache.
pub struct World {
    folder: PathBuf,
}

impl World {
    /// An empty one.
    pub fn new(name: &str) -> Result<World, String> {
        Ok(World { folder: binary::scratch(&format!("packages-{name}")) })
    }

    /// Writes a file, and the folders it is in.
    pub fn write(&self, path: &str, text: &str) -> Result<(), String> {
        self.write_bytes(path, text.as_bytes())
    }

    /// The same, of a file that is no text.
    pub fn write_bytes(&self, path: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).map_err(|e| e.to_string())?;
        fs::write(path, bytes).map_err(|e| e.to_string())
    }

    /// Where a file here is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.folder.join(path)).map_err(|e| format!("{path}: {e}"))
    }

    fn manifest(&self, name: &str, dependencies: &str) -> Result<(), String> {
        self.write(&format!("{name}/rdcl.toml"), &manifest(name, dependencies))
    }

    /// A package with one block, committed to a repository of the same name with this tag.
    pub fn commit(&self, name: &str, tag: &str) -> Result<(), String> {
        self.manifest(name, "")?;
        self.write(&format!("{name}/walls.rdcl"), &format!("// {tag}\nrfb Wall {{}}\n"))?;
        self.git(name, &["init", "--quiet", "--initial-branch=main", "."])?;
        self.git(name, &["add", "."])?;
        self.git(name, &["commit", "--quiet", "--message", tag])?;
        self.git(name, &["tag", tag])
    }

    fn git(&self, folder: &str, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new("git");
        for (name, value) in [("NAME", "A"), ("EMAIL", "a@example.org")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command.current_dir(self.folder.join(folder)).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// The address of a repository here.
    pub fn address(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder.display())
    }

    /// Runs the binary here.
    pub fn run(&self, line: &str) -> Run {
        let words: Vec<&str> = line.split_whitespace().collect();
        let words: Vec<&std::ffi::OsStr> = words.iter().map(|w| w.as_ref()).collect();
        binary::run_with(&self.folder, &words, &[("XDG_CACHE_HOME", &self.folder.join("cache"))])
    }

    /// The same, where nothing is to be said.
    pub fn fine(&self, line: &str) -> Result<Run, String> {
        let ran = self.run(line);
        expect(ran.code == Some(0) && ran.stderr.is_empty(), &ran, &format!("`rdclc {line}` has nothing to say"))?;
        Ok(ran)
    }

    /// The same, where something is to be refused.
    pub fn refused(&self, line: &str, what: &str) -> Result<Run, String> {
        let ran = self.run(line);
        expect(ran.code == Some(1) && ran.stderr.contains(what), &ran, &format!("`rdclc {line}` says `{what}`"))?;
        Ok(ran)
    }

    /// A package `site` that uses `Wall` of the repository `acl`.
    pub fn site(&self, selector: &str) -> Result<(), String> {
        let dependency = format!("acl = {{ git = \"{}\"{selector} }}\n", self.address("acl"));
        self.manifest("site", &dependency)?;
        self.write("site/main.rdcl", "use acl::walls::Wall;\n\nrfb Site : Wall {}\n")
    }
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!("name = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2026\"\n\n[dependencies]\n{dependencies}")
}

fn modified(path: &Path) -> Result<std::time::SystemTime, String> {
    fs::metadata(path).and_then(|m| m.modified()).map_err(|e| e.to_string())
}

fn written_once(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.site(", tag = \"v1\"")?;
    world.fine("check site")?;
    let lock = world.read("site/rdcl.lock")?;
    let lines = ["[[package]]\nname = \"acl\"\ngit = \"", "\ntag = \"v1\"\ncommit = \""];
    if !lines.iter().all(|line| lock.contains(line)) {
        return Err(format!("the lock file is\n{lock}"));
    }
    let path = world.folder.join("site/rdcl.lock");
    let before = modified(&path)?;
    std::thread::sleep(std::time::Duration::from_millis(20));
    world.fine("check site")?;
    world.fine("check --locked --offline site")?;
    if modified(&path)? == before { Ok(()) } else { Err("the lock file was touched".into()) }
}

fn pinned(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.site(", branch = \"main\"")?;
    world.fine("check site")?;
    let lock = world.read("site/rdcl.lock")?;
    world.commit("acl", "v2")?;
    world.fine("check site")?;
    if world.read("site/rdcl.lock")? != lock {
        return Err("a later commit of the branch was taken".into());
    }
    fs::remove_file(world.folder.join("site/rdcl.lock")).map_err(|e| e.to_string())?;
    world.fine("check site")?;
    if world.read("site/rdcl.lock")? == lock { Err("the branch was not looked up anew".into()) } else { Ok(()) }
}

fn changed(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.commit("acl", "v2")?;
    world.site(", tag = \"v1\"")?;
    world.fine("check site")?;
    let lock = world.read("site/rdcl.lock")?;
    world.site(", tag = \"v2\"")?;
    world.fine("check site")?;
    let after = world.read("site/rdcl.lock")?;
    if after == lock || !after.contains("tag = \"v2\"") {
        return Err(format!("the lock file is\n{after}"));
    }
    world.manifest("site", "")?;
    world.write("site/main.rdcl", "rfb Site {}\n")?;
    world.fine("check site")?;
    let after = world.read("site/rdcl.lock")?;
    if after.contains("[[package]]") { Err(format!("the lock file is\n{after}")) } else { Ok(()) }
}

fn locked(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.site("")?;
    let ran = world.refused("check --locked site", "[E0013] Error: `rdcl.lock` is missing")?;
    expect(!world.folder.join("site/rdcl.lock").exists(), &ran, "nothing is written")?;
    world.fine("check site")?;
    world.site(", tag = \"v1\"")?;
    world.refused("check --locked site", "[E0013] Error: `rdcl.lock` is not up to date")?;
    Ok(())
}

fn offline(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.site(", tag = \"v1\"")?;
    world.refused("check --offline site", "[E0015] Error: `acl` is not at hand")?;
    world.fine("check site")?;
    // The repository may go away: everything is in the cache.
    fs::rename(world.folder.join("acl"), world.folder.join("away")).map_err(|e| e.to_string())?;
    world.fine("check --offline site")?;
    world.fine("check site")?;
    world.site(", tag = \"v3\"")?;
    world.refused("check site", "[E0012] Error: ")?;
    Ok(())
}

fn circle(world: &World) -> Result<(), String> {
    world.manifest("one", "two = { path = \"../two\" }\n")?;
    world.manifest("two", "three = { path = \"../three\" }\n")?;
    world.manifest("three", "one = { path = \"../one\" }\n")?;
    let ran = world.refused("check one", "packages are built on each other: one -> two -> three -> one")?;
    expect(ran.stderr.contains("three/rdcl.toml:6:1"), &ran, "where the circle closes")?;
    world.manifest("three", "two = { path = \"../two\" }\n")?;
    let ran = world.refused("check one", "packages are built on each other: two -> three -> two")?;
    expect(ran.stderr.contains("1 error, 0 warnings"), &ran, "and nothing else")?;
    world.manifest("self", "self = { path = \".\" }\n")?;
    world.refused("check self", "packages are built on each other: self -> self")?;
    Ok(())
}

fn nested(world: &World) -> Result<(), String> {
    world.write("acl/inner/rdcl.toml", &manifest("inner", ""))?;
    world.write("acl/inner/deep.rdcl", "rfb Deep {}\n")?;
    world.commit("acl", "v1")?;
    world.manifest("acl", "inner = { path = \"inner\" }\n")?;
    world.write("acl/walls.rdcl", "use inner::deep::Deep;\n\nrfb Wall : Deep {}\n")?;
    world.git("acl", &["commit", "--quiet", "--all", "--message", "inner"])?;
    world.site("")?;
    world.fine("check site")?;
    let lock = world.read("site/rdcl.lock")?;
    if !lock.contains("name = \"inner\"\ngit = ") || !lock.contains("\npath = \"inner\"\n") {
        return Err(format!("the lock file is\n{lock}"));
    }
    world.manifest("acl", "inner = { path = \"../other\" }\n")?;
    world.git("acl", &["commit", "--quiet", "--all", "--message", "outside"])?;
    fs::remove_file(world.folder.join("site/rdcl.lock")).map_err(|e| e.to_string())?;
    world.refused("check site", "[E0007] Error: `../other` is outside the repository")?;
    Ok(())
}

fn without(world: &World) -> Result<(), String> {
    world.manifest("site", "")?;
    world.write("site/main.rdcl", "rfb Site {}\n")?;
    let ran = world.fine("check --locked site")?;
    expect(!world.folder.join("site/rdcl.lock").exists(), &ran, "nothing is written")
}

fn json(world: &World) -> Result<(), String> {
    world.manifest("site", "acl = { path = \"../nowhere\" }\n")?;
    world.write("site/main.rdcl", "use acl::walls::Wall;\n\nrfb Site : Wall {}\n")?;
    let ran = world.run("check --format json site");
    let found = crate::command_line::objects(&ran)?;
    let well = found.len() == 2 && found[1]["code"] == "E0007" && found[1]["at"] == "site/rdcl.toml:6:1";
    expect(ran.code == Some(1) && well, &ran, "one complaint, at the dependency")
}

fn harmless(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    let hostile = ["ext::sh -c touch% owned", "--upload-pack=touch owned", "acl"];
    for address in hostile {
        world.manifest("site", &format!("acl = {{ git = \"{address}\" }}\n"))?;
        let ran = world.refused("check site", "[E0006] Error: ")?;
        expect(!world.folder.join("owned").exists(), &ran, "nothing was run")?;
    }
    // A hook or filter of the repository would have to be set up by its user, who has not.
    world.write("acl/.gitattributes", "* filter=evil\n")?;
    world.git("acl", &["add", "."])?;
    world.git("acl", &["commit", "--quiet", "--message", "filter"])?;
    world.site("")?;
    world.fine("check site")?;
    Ok(())
}

/// Text that somebody has put into the cache is no text of the commit.
fn edited(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.site(", tag = \"v1\"")?;
    world.fine("check site")?;
    let caches = fs::read_dir(world.path("cache/rdclc/git")).map_err(|e| e.to_string())?;
    let cache = caches.filter_map(Result::ok).map(|entry| entry.path()).next().ok_or("no cache")?;
    let mut found = fs::read_dir(&cache).map_err(|e| e.to_string())?.filter_map(Result::ok).map(|entry| entry.path());
    let checkout = found.find(|path| path.is_dir() && !path.ends_with("copy")).ok_or("no checkout")?;
    let place = || fs::metadata(&checkout).map(|found| found.ino()).map_err(|e| e.to_string());
    let before = place()?;
    let ran = world.fine("check --locked --offline site")?;
    expect(place()? == before, &ran, "what nobody has edited stays where it is")?;
    let (walls, more) = (checkout.join("walls.rdcl"), checkout.join("more.rdcl"));
    for (path, text) in [(&walls, "rfb Other {}\n"), (&more, "rfb More : Nothing {}\n")] {
        fs::write(path, text).map_err(|e| e.to_string())?;
        let ran = world.fine("check --locked --offline site")?;
        let whole = fs::read_to_string(&walls).is_ok_and(|text| text.contains("rfb Wall")) && !more.exists();
        expect(whole, &ran, "the text of the commit is there again")?;
    }
    Ok(())
}

fn not_there(world: &World) -> Result<(), String> {
    world.commit("acl", "v1.0")?;
    world.site(", tag = \"v1.1\"")?;
    let ran = world.refused("check site", "there is no tag `v1.1` in `file://")?;
    let near = ran.stderr.contains("did you mean `v1.0`?");
    let at = world.read("site/rdcl.toml")?.lines().last().and_then(|line| line.find("\"v1.1")).ok_or("no tag")? + 1;
    expect(near && ran.stderr.contains(&format!("site/rdcl.toml:6:{at}")), &ran, "where, and the nearest")?;
    world.site(", tag = \"v1.0\"")?;
    world.fine("check site")?;
    let lock = world.read("site/rdcl.lock")?;
    let commit = lock.lines().find_map(|line| line.strip_prefix("commit = \"")).ok_or("no commit")?;
    let wrong = "0123456789".repeat(4);
    world.write("site/rdcl.lock", &lock.replace(commit.trim_end_matches('"'), &wrong))?;
    let ran = world.refused("check site", &format!("there is no commit `{wrong}`"))?;
    expect(ran.stderr.contains("site/rdcl.lock:8:") && ran.stderr.contains("delete the lock"), &ran, "the lock it is")
}

fn machine(world: &World) -> Result<(), String> {
    world.commit("acl", "v1")?;
    world.site("")?;
    let nowhere = world.path("nowhere");
    fs::write(&nowhere, "").map_err(|e| e.to_string())?;
    for (variable, value, words) in
        [("XDG_CACHE_HOME", &nowhere, "cache of repositories"), ("PATH", &world.path("acl"), "`git` cannot be run")]
    {
        let cache = world.path("cache");
        let environment = [("XDG_CACHE_HOME", cache.as_path()), (variable, value.as_path())];
        let ran = binary::run_with(&world.folder, &["verify", "site"].map(AsRef::as_ref), &environment);
        let said = ran.stderr.contains(words) && !ran.stderr.contains("E0012") && ran.stdout.is_empty();
        expect(ran.code == Some(4) && said, &ran, "what is at fault")?;
    }
    // Where a lock file would say nothing of commits, a package need not be writable.
    world.manifest("near", "walls = { path = \"../walls\" }\n")?;
    world.manifest("walls", "")?;
    world.write("walls/main.rdcl", "rfb Wall {}\n")?;
    world.write("near/main.rdcl", "use walls::main::Wall;\n\nrfb Near : Wall {}\n")?;
    let full = |package: &str| -> Result<Run, String> {
        let program = format!("trap '' XFSZ; ulimit -f 0; exec {} check {package}", env!("CARGO_BIN_EXE_rdclc"));
        let mut command = Command::new("sh");
        command.args(["-c", &program]).current_dir(&world.folder).env("XDG_CACHE_HOME", world.path("cache"));
        let output = command.stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Ok(Run { stdout, stderr, code: output.status.code(), took: std::time::Duration::ZERO })
    };
    let ran = full("near")?;
    let unwritten = !world.path("near/rdcl.lock").exists();
    expect(ran.code == Some(0) && ran.stderr.is_empty() && unwritten, &ran, "it is checked nevertheless")?;
    world.fine("check site")?;
    world.site(", tag = \"v1\"")?;
    world.fine("check site")?;
    let lock = world.path("site/rdcl.lock");
    fs::write(&lock, world.read("site/rdcl.lock")?.replace("tag = \"v1\"", "rev = \"0000000\""))
        .map_err(|e| e.to_string())?;
    let ran = full("site")?;
    expect(
        ran.code == Some(4) && ran.stderr.starts_with("error: cannot write `"),
        &ran,
        "a lock that has to be written",
    )
}

/// What is described wrongly is said once, not again of all that is not found.
fn one_mistake(world: &World) -> Result<(), String> {
    world.write("site/main.rdcl", "use acl::walls::Wall;\n\nrfb Site : Wall {}\n")?;
    for dependency in [
        "{ path = \"../acl\", tag = \"v1\" }",
        "{ git = \"https://h/u\", rev = \"0123456\", tag = \"a\", branch = \"b\" }",
    ] {
        world.manifest("site", &format!("acl = {dependency}\n"))?;
        let ran = world.refused("check site", "[E0006] Error: ")?;
        expect(ran.stderr.contains("1 error, 0 warnings"), &ran, "and nothing else")?;
    }
    Ok(())
}
