//! The processes that answer requests: started, listened to, and started anew when one ends early.
//!
//! A process gets all its requests at once, and writes its answers to a file; its standard output
//! and error are one pipe, in which marks tell what was written during which request. So a script
//! may write, crash or end the process, and it is known which request that was.

use super::http_file::Written;
use super::runner::{Case, On, Reply, Source, Wanted};
use super::wire::{ANSWERS, Answered, Broken, Place, REQUESTS, Sent, Task, Work};
use crate::cli::HostArgs;
use crate::codes;
use crate::ecb_host::Trace;
use crate::error::{Error, Result};
use crate::process::{self, how_it_ended};
use crate::site::discover_root;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, PipeReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a process is looked at that says nothing: it may have ended, and left a child behind
/// that holds the pipe.
const LOOK: Duration = Duration::from_millis(200);

/// Answers in processes.
#[derive(Debug)]
pub struct Pool {
    /// How many at once.
    pub jobs: usize,
    /// Their options about the host.
    pub options: Vec<OsString>,
    /// What their environment has besides.
    pub environment: Vec<(OsString, OsString)>,
    /// Calls are kept for each request, not only where `# @record` wants them.
    pub keep_calls: bool,
    /// What scripts write is shown at once, too.
    pub echo: bool,
    /// Errors are shown in colours.
    pub colour: bool,
}

/// What one process has to do: its requests, and the numbers they have outside.
struct Batch {
    root: PathBuf,
    files: Vec<Arc<Written>>,
    requests: VecDeque<(usize, Task)>,
}

impl Batch {
    fn new(root: PathBuf) -> Self {
        Self {
            root,
            files: Vec::new(),
            requests: VecDeque::new(),
        }
    }

    fn push(&mut self, number: usize, case: &Case, keep_calls: bool) {
        let place = case.place.as_ref().map(|(written, index)| {
            let known = self.files.iter().rposition(|f| Arc::ptr_eq(f, written));
            let file = known.unwrap_or(self.files.len());
            if known.is_none() {
                self.files.push(Arc::clone(written));
            }
            Place {
                file,
                index: *index,
                refers: !case.request.refers_to.is_empty(),
            }
        });
        let keep = keep_calls || case.request.records.host_calls;
        let sent = Sent::new(&case.request, case.fault.as_ref(), keep);
        self.requests.push_back((number, Task { sent, place }));
    }
}

impl Source for Pool {
    fn answer(&mut self, wanted: &[Wanted<'_>], alone: bool, on: On<'_>) {
        let batches = Mutex::new(self.batches(wanted, alone));
        let stop = AtomicBool::new(false);
        let (tell, told) = mpsc::channel();
        let this = &*self;
        std::thread::scope(|scope| {
            for _ in 0..this.jobs {
                let (tell, batches, stop) = (tell.clone(), &batches, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::Acquire) {
                        let mut left = batches.lock().unwrap_or_else(PoisonError::into_inner);
                        let Some(batch) = left.pop_front() else { break };
                        drop(left);
                        this.run(batch, stop, &tell);
                    }
                });
            }
            drop(tell);
            for (number, reply) in told {
                if !stop.load(Ordering::Acquire) && on(number, reply).is_break() {
                    stop.store(true, Ordering::Release);
                }
            }
        });
    }
}

impl Pool {
    /// Divides requests among processes: sites are kept apart, and so are the files of one as far
    /// as there are processes left for them. `alone`: each request has a process of its own.
    fn batches(&self, wanted: &[Wanted<'_>], alone: bool) -> VecDeque<Batch> {
        if alone {
            let one = |w: &Wanted<'_>| {
                let mut batch = Batch::new(discover_root(&w.case.path));
                batch.push(w.number, w.case, self.keep_calls);
                batch
            };
            return wanted.iter().map(one).collect();
        }
        let mut sites: BTreeMap<PathBuf, BTreeMap<&Path, usize>> = BTreeMap::new();
        let mut roots: BTreeMap<&Path, PathBuf> = BTreeMap::new();
        for Wanted { case, .. } in wanted {
            let root = roots
                .entry(&case.path)
                .or_insert_with(|| discover_root(&case.path));
            *sites
                .entry(root.clone())
                .or_default()
                .entry(&case.path)
                .or_default() += 1;
        }
        let each = (self.jobs / sites.len().max(1)).max(1);
        let mut batches = VecDeque::new();
        let mut batch_of: BTreeMap<&Path, usize> = BTreeMap::new();
        for (root, files) in sites {
            let parts = each.min(files.len());
            let first = batches.len();
            let mut sizes = vec![0; parts];
            batches.extend(sizes.iter().map(|_| Batch::new(root.clone())));
            // The largest first, each to where least is.
            let mut files: Vec<_> = files.into_iter().collect();
            files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
            for (file, size) in files {
                let least = sizes.iter().enumerate().min_by_key(|(_, size)| **size);
                let least = least.map_or(0, |(index, _)| index);
                sizes[least] += size;
                batch_of.insert(file, first + least);
            }
        }
        for Wanted { number, case } in wanted {
            let batch = batch_of.get(&*case.path).and_then(|b| batches.get_mut(*b));
            if let Some(batch) = batch {
                batch.push(*number, case, self.keep_calls);
            }
        }
        batches
    }

    /// Has a batch answered, by as many processes as that takes.
    fn run(&self, mut batch: Batch, stop: &AtomicBool, tell: &Sender<(usize, Reply)>) {
        while !batch.requests.is_empty() && !stop.load(Ordering::Acquire) {
            let before = batch.requests.len();
            let left = match Process::start(self, &batch) {
                Ok(process) => process.listen(&mut batch, stop, tell),
                Err(why) => Some(why),
            };
            // A process that does not get so far as to the first request would not do so next time.
            let why = left.filter(|_| batch.requests.len() == before);
            let Some(why) = why else { continue };
            let mut why = Some(Broken::new(&why, self.colour));
            while let Some((number, _)) = batch.requests.pop_front() {
                let reply = Err(why.take().unwrap_or_else(Broken::told_before));
                let _ = tell.send((number, reply));
            }
        }
    }
}

/// A process at work.
struct Process<'a> {
    pool: &'a Pool,
    child: Child,
    folder: tempfile::TempDir,
    word: String,
    lines: Receiver<Vec<u8>>,
}

impl<'a> Process<'a> {
    fn start(pool: &'a Pool, batch: &Batch) -> Result<Self> {
        let failed = |why: std::io::Error| parted(&why.to_string());
        let folder = tempfile::tempdir().map_err(failed)?;
        let word = format!(
            "isapi-shim-{:016x}",
            RandomState::new().build_hasher().finish()
        );
        let work = Work {
            word: word.clone(),
            root: batch.root.clone(),
            files: batch.files.iter().map(|file| (**file).clone()).collect(),
            requests: batch
                .requests
                .iter()
                .map(|(_, task)| task.clone())
                .collect(),
        };
        let text = serde_json::to_vec(&work).map_err(|why| parted(&why.to_string()))?;
        std::fs::write(folder.path().join(REQUESTS), text).map_err(failed)?;
        let (reader, writer) = std::io::pipe().map_err(failed)?;
        let mut command = process::program().map_err(failed)?;
        command
            .arg("test")
            .args(&pool.options)
            .arg("--worker")
            .arg(folder.path())
            .envs(pool.environment.iter().map(|(n, v)| (n, v)))
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(failed)?)
            .stderr(writer);
        let child = command.spawn().map_err(failed)?;
        // With the command go the ends of the pipe that this process has.
        drop(command);
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || read_lines(reader, &tell));
        Ok(Self {
            pool,
            child,
            folder,
            word,
            lines,
        })
    }

    /// Passes answers on, and takes the answered requests out of the batch; so too the one during
    /// which the process ended. Gives why it ended before all were answered.
    fn listen(
        mut self,
        batch: &mut Batch,
        stop: &AtomicBool,
        tell: &Sender<(usize, Reply)>,
    ) -> Option<Error> {
        let mut answers: Option<BufReader<File>> = None;
        let mut written: Vec<u8> = Vec::new();
        let mut begun = false;
        // A request that is sent because the next one refers to it.
        let mut needed: Option<String> = None;
        let mark = format!("{} ", self.word);
        while let Some(line) = self.next_line(stop) {
            let Some(what) = line.strip_prefix(mark.as_bytes()) else {
                written.extend_from_slice(&line);
                continue;
            };
            // The mark's own line break before it.
            if written.last() == Some(&b'\n') {
                written.pop();
            }
            let what = String::from_utf8_lossy(what).trim_end().to_owned();
            if what == "end" {
                pass_on(&written);
                let _ = self.child.wait();
                return None;
            }
            let written = std::mem::take(&mut written);
            needed = what.strip_prefix("needs ").map(str::to_owned);
            if needed.is_some() || what.starts_with("begin ") {
                // Of no request that is reported: nobody else would show it.
                pass_on(&written);
                begun = true;
                continue;
            }
            if self.pool.echo {
                pass_on(&written);
            }
            let stderr = String::from_utf8_lossy(&written).into_owned();
            let reply = self.read_answer(&mut answers, stderr.clone());
            let reply = reply.map_err(|why| why.with(&stderr));
            if what == "host" {
                // Told once, with the first request.
                let mut why = reply.err();
                while let Some((number, _)) = batch.requests.pop_front() {
                    let _ =
                        tell.send((number, Err(why.take().unwrap_or_else(Broken::told_before))));
                }
                let _ = self.child.wait();
                return None;
            }
            begun = false;
            if let Some((number, _)) = batch.requests.pop_front() {
                let _ = tell.send((number, reply));
            }
        }
        if stop.load(Ordering::Acquire) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            return None;
        }
        let how = self
            .child
            .wait()
            .map_or_else(|e| e.to_string(), how_it_ended);
        // What is of no request would be shown by nobody else.
        if self.pool.echo || !begun {
            pass_on(&written);
        }
        let written = String::from_utf8_lossy(&written);
        let what = format!("the process that answers requests {how}");
        if !begun {
            return Some(parted(&format!("{what} before the first one, see above")));
        }
        let during = match needed {
            Some(name) => format!("`{name}`, which this one refers to"),
            None => "this one".to_owned(),
        };
        let mut why = Error::new(codes::PROCESS_ENDED, format!("{what} during {during}"));
        if !written.trim().is_empty() {
            why = why.fix(format!("before that it wrote:\n{}", written.trim()));
        }
        if let Some((number, _)) = batch.requests.pop_front() {
            let _ = tell.send((number, Err(Broken::new(&why, self.pool.colour))));
        }
        None
    }

    /// The next line, with its end; `None`: the process has ended, or is to.
    fn next_line(&mut self, stop: &AtomicBool) -> Option<Vec<u8>> {
        let mut ended = false;
        while !stop.load(Ordering::Acquire) {
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => return Some(line),
                Err(RecvTimeoutError::Disconnected) => return None,
                // What it wrote at last has been read by now.
                Err(RecvTimeoutError::Timeout) if ended => return None,
                Err(RecvTimeoutError::Timeout) => {
                    ended = matches!(self.child.try_wait(), Ok(Some(_)));
                }
            }
        }
        None
    }

    fn read_answer(&self, answers: &mut Option<BufReader<File>>, stderr: String) -> Reply {
        let path = self.folder.path().join(ANSWERS);
        let read = || -> std::io::Result<Answered> {
            let file = match answers {
                Some(file) => file,
                None => answers.insert(BufReader::new(File::open(&path)?)),
            };
            let mut line = Vec::new();
            file.read_until(b'\n', &mut line)?;
            Ok(serde_json::from_slice(&line)?)
        };
        match { read }() {
            Ok(answer) => answer.map(|answer| answer.into_recorded(stderr)),
            Err(why) => Err(Broken::new(&parted(&why.to_string()), self.pool.colour)),
        }
    }
}

/// Writes to this process's own standard error.
fn pass_on(written: &[u8]) {
    if !written.trim_ascii().is_empty() {
        let mut out = std::io::stderr().lock();
        let _ = out.write_all(written);
        if !written.ends_with(b"\n") {
            let _ = out.write_all(b"\n");
        }
    }
}

fn read_lines(reader: PipeReader, tell: &Sender<Vec<u8>>) {
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                if tell.send(line).is_err() {
                    return;
                }
            }
        }
    }
}

pub(super) fn parted(why: &str) -> Error {
    Error::new(
        codes::TEST_PROCESS,
        format!("the requests could not be answered: {}", why.trim_end()),
    )
}

/// The host's options as the command line has them.
pub(super) fn options(args: &HostArgs) -> Vec<OsString> {
    // Each of them, so that the compiler tells of a new one.
    let HostArgs {
        home,
        extension,
        trace: _,
        reload,
        error_details,
        pending_timeout,
        timeout,
        // A run of processes has one folder for it: see `Session::run`.
        coverage: _,
        coverage_run: _,
    } = args;
    let mut out: Vec<OsString> = Vec::new();
    let mut add = |name: &str, value: &OsStr| {
        out.push(name.into());
        out.push(value.into());
    };
    add("--reload", reload.as_str().as_ref());
    add("--error-details", error_details.as_str().as_ref());
    add("--pending-timeout", pending_timeout.to_string().as_ref());
    if let Some(timeout) = timeout {
        add("--timeout", timeout.to_string().as_ref());
    }
    for (name, value) in [("--home", home), ("--extension", extension)] {
        if let Some(value) = value {
            add(name, value.as_os_str());
        }
    }
    match args.trace() {
        Trace::Off => {}
        Trace::Text => out.push("--trace".into()),
        Trace::Json => out.push("--trace=json".into()),
    }
    out
}
