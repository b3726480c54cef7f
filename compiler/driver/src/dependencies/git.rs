//! Repositories, through the `git` command: it knows every transport, key and proxy that a user has set up.
//!
//! The cache below the user's cache directory holds for each repository a bare copy, and a directory for each commit
//! that was asked for. A directory is renamed into its place when it is complete; one that somebody has edited since is
//! unpacked again.

use crate::manifest::Selector;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::{env, io};

/// Why a commit is not at hand.
#[derive(Debug)]
pub enum GitError {
    /// The network would be needed.
    Offline,
    /// The repository has nothing of this name; what it has of the kind.
    Unknown(Vec<String>),
    /// The repository has no commit of this number, which the lock file gives.
    Unlocked(String),
    /// Git says no.
    Failed(String),
    /// It is not the repository's fault: the cache cannot be written, or Git cannot be run.
    Environment(String),
}

/// The cache of a user.
pub struct Cache {
    root: Option<PathBuf>,
}

impl Cache {
    /// `$XDG_CACHE_HOME/rdclc/git`, or the same below `~/.cache`.
    pub fn of_user() -> Cache {
        let given = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let caches = given("XDG_CACHE_HOME").or_else(|| Some(given("HOME")?.join(".cache")));
        Cache { root: caches.map(|caches| caches.join("rdclc/git")) }
    }

    /// A directory with the files of a commit, and the commit's number: the pinned one, or else the one that is
    /// selected. Uses the network where the commit is not in the cache, or what is selected may have changed.
    pub fn checkout(
        &self,
        url: &str,
        selector: &Selector,
        pinned: Option<&str>,
        offline: bool,
    ) -> Result<(PathBuf, String), GitError> {
        let root = self.root.as_ref().ok_or_else(no_cache)?;
        let folder = root.join(folder_name(url));
        let copy = Copy { path: folder.join("copy") };
        if let Some(commit) = pinned.filter(|commit| folder.join(commit).is_dir())
            && copy.is_as_unpacked(commit, &folder)?
        {
            return Ok((folder.join(commit), commit.to_owned()));
        }
        fs::create_dir_all(&folder).map_err(|error| unusable(root, &error))?;
        // Held until the end, against another run that wants the same.
        let guard = File::create(folder.join("lock")).map_err(|error| unusable(root, &error))?;
        guard.lock().map_err(|error| unusable(root, &error))?;
        let commit = copy.commit(url, selector, pinned, offline)?;
        let directory = folder.join(&commit);
        if !directory.is_dir() || !copy.is_as_unpacked(&commit, &folder)? {
            copy.unpack(&commit, &folder)?;
        }
        Ok((directory, commit))
    }
}

fn no_cache() -> GitError {
    GitError::Environment("there is no cache directory for repositories: set `XDG_CACHE_HOME` or `HOME`".into())
}

fn unusable(directory: &Path, error: &io::Error) -> GitError {
    GitError::Environment(format!("the cache of repositories `{}` cannot be used: {error}", directory.display()))
}

/// `acl-0f3a…`: for people the last word of the address, for machines all of it.
fn folder_name(url: &str) -> String {
    let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let word: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(40).collect();
    let digest: String = Sha256::digest(url).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{word}-{digest}")
}

/// A bare copy of a repository.
struct Copy {
    path: PathBuf,
}

/// Where the remote's own choice of a branch is kept.
const HEAD: &str = "refs/remote/head";

impl Copy {
    fn commit(&self, url: &str, selector: &Selector, pinned: Option<&str>, offline: bool) -> Result<String, GitError> {
        let wanted = match (pinned, selector) {
            (Some(commit), _) => commit.to_owned(),
            (None, Selector::Rev(commit)) => commit.clone(),
            (None, Selector::Tag(tag)) => format!("refs/tags/{tag}"),
            (None, Selector::Branch(branch)) => format!("refs/heads/{branch}"),
            (None, Selector::Head) => HEAD.to_owned(),
        };
        let moves = pinned.is_none() && !matches!(selector, Selector::Rev(_));
        if (!moves || offline)
            && let Some(commit) = self.find(&wanted)
        {
            return Ok(commit);
        }
        if offline {
            return Err(GitError::Offline);
        }
        self.fetch(url)?;
        self.find(&wanted).ok_or_else(|| match pinned {
            Some(commit) => GitError::Unlocked(commit.to_owned()),
            None => GitError::Unknown(self.names(selector)),
        })
    }

    /// The names among which a selector chooses.
    fn names(&self, selector: &Selector) -> Vec<String> {
        let folder = match selector {
            Selector::Tag(_) => "refs/tags/",
            Selector::Branch(_) => "refs/heads/",
            Selector::Head | Selector::Rev(_) => return Vec::new(),
        };
        let names = git(&self.path, ["for-each-ref", "--format=%(refname:strip=2)", folder]).unwrap_or_default();
        names.lines().map(str::to_owned).collect()
    }

    /// Whether the directory of a commit has the files of the commit and no others. Somebody may have edited them.
    fn is_as_unpacked(&self, commit: &str, folder: &Path) -> Result<bool, GitError> {
        let index = folder.join(index_name(commit));
        if !index.is_file() {
            return Ok(false);
        }
        let question = ["status", "--porcelain", "--untracked-files=all", "--ignored", "--ignore-submodules=all"];
        match git_with(&self.path, Some((&index, &folder.join(commit))), question) {
            // The first column compares with whatever the copy is at, which does not matter here.
            Ok(changes) => Ok(changes.lines().all(|line| line.as_bytes().get(1) == Some(&b' '))),
            Err(GitError::Environment(reason)) => Err(GitError::Environment(reason)),
            Err(_) => Ok(false),
        }
    }

    /// The number of a commit, if it is here.
    fn find(&self, wanted: &str) -> Option<String> {
        let found =
            git(&self.path, ["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{wanted}^{{commit}}")]);
        found.ok().map(|number| number.trim().to_owned()).filter(|number| number.len() >= 40)
    }

    fn fetch(&self, url: &str) -> Result<(), GitError> {
        if !self.path.join("HEAD").exists() {
            fs::create_dir_all(&self.path).map_err(|error| unusable(&self.path, &error))?;
            git(&self.path, ["init", "--quiet", "--bare", "."])?;
        }
        let head = format!("+HEAD:{HEAD}");
        let references = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", &head];
        let fetch = ["fetch", "--quiet", "--force", "--prune", "--no-tags", "--", url];
        git(&self.path, fetch.into_iter().chain(references)).map(|_| ())
    }

    /// Puts the files of a commit into a directory of its number. No program of the repository runs.
    fn unpack(&self, commit: &str, folder: &Path) -> Result<(), GitError> {
        let temporary = folder.join(format!(".{commit}.{}", process::id()));
        let _ = fs::remove_dir_all(&temporary);
        let index = folder.join(format!(".{commit}.{}.index", process::id()));
        let prefix = format!("--prefix={}/", temporary.display());
        let whole = Some((index.as_path(), self.path.as_path()));
        let unpacked = fs::create_dir_all(&temporary)
            .map_err(|error| unusable(folder, &error))
            .and_then(|()| git_with(&self.path, whole, ["read-tree", commit]))
            .and_then(|_| git_with(&self.path, whole, ["checkout-index", "--all", "--force", &prefix]))
            .and_then(|_| put(folder, commit, &temporary, &index).map_err(|error| unusable(folder, &error)));
        let _ = fs::remove_file(&index);
        if unpacked.is_err() {
            let _ = fs::remove_dir_all(&temporary);
        }
        unpacked
    }
}

/// What the directory of a commit is compared with.
fn index_name(commit: &str) -> String {
    format!("{commit}.index")
}

/// Puts a directory and its index into their places; what has been edited there goes.
fn put(folder: &Path, commit: &str, directory: &Path, index: &Path) -> io::Result<()> {
    let place = folder.join(commit);
    if place.is_dir() {
        fs::remove_dir_all(&place)?;
    }
    fs::rename(directory, place)?;
    fs::rename(index, folder.join(index_name(commit)))
}

fn git<'a>(directory: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Result<String, GitError> {
    git_with(directory, None, arguments)
}

/// What a command of Git prints; some need an index and the directory of the files. It asks nobody for a password, and uses no transport that runs a program.
fn git_with<'a>(
    directory: &Path,
    files: Option<(&Path, &Path)>,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Result<String, GitError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(arguments).stdin(Stdio::null());
    let is_local = |name: &OsStr| name.to_string_lossy().starts_with("GIT_") && !is_transport_setting(name);
    env::vars_os().map(|(name, _)| name).filter(|name| is_local(name)).for_each(|name| _ = command.env_remove(name));
    command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ALLOW_PROTOCOL", "https:http:ssh:file").env("LC_ALL", "C");
    command.env("GIT_DIR", ".");
    command.env("GIT_OPTIONAL_LOCKS", "0");
    if let Some((index, directory)) = files {
        command.env("GIT_INDEX_FILE", index).env("GIT_WORK_TREE", directory);
    }
    let output = command.output().map_err(|error| GitError::Environment(format!("`git` cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().map(|line| line.trim_start_matches("fatal: ").trim()).find(|line| !line.is_empty());
    Err(GitError::Failed(reason.unwrap_or("git says no more").to_owned()))
}

/// How Git reaches servers is the user's own affair.
fn is_transport_setting(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("GIT_SSH") || name.starts_with("GIT_SSL") || name.starts_with("GIT_PROXY") || name == "GIT_ASKPASS"
}
