//! Captures on their way through a running service: frames enter in the order of their times, and what leaves is kept
//! for the captures asked for.

use crate::args::PcapAt;
use crate::exit::Exit;
use crate::files::{self, WriteError};
use crate::pcap::{self, LinkType, PcapError};
use rdcl_core::{HeaderKind, Stack};
use rdcl_host::{Service, Unsent, Unsettled};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// How many frames guests may take for one burst before it is said to go round in circles.
const VISITS: u64 = 1_000_000;

/// Frames that enter by one port before guests work on them.
const BURST: usize = 256;

/// A frame to send.
#[derive(Debug)]
struct Arrival {
    edge: usize,
    time: u64,
    bytes: Vec<u8>,
}

/// Frames to send, in order, and captures to fill.
#[derive(Debug, Default)]
pub struct Traffic {
    arrivals: Vec<Arrival>,
    kept: Vec<Kept>,
}

/// A capture being filled.
#[derive(Debug)]
struct Kept {
    edge: usize,
    path: PathBuf,
    link: LinkType,
    frames: Vec<(u64, Vec<u8>)>,
}

/// Why traffic cannot be sent, or has gone wrong.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// No edge of this name.
    #[error("there is no port `{0}`; there are {1}")]
    Port(String, String),
    /// A capture is unreadable.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A capture is malformed.
    #[error("`{}` is not a capture that can be used: {source}", path.display())]
    Pcap {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PcapError,
    },
    /// A capture of the wrong link type.
    #[error("the packets of `{}` begin with {found}, but port `{port}` carries {wanted}", file.display())]
    Link {
        /// The capture.
        file: PathBuf,
        /// The port.
        port: String,
        /// What the capture has.
        found: &'static str,
        /// What the port carries.
        wanted: &'static str,
    },
    /// Two ports, one capture to fill.
    #[error("`{}` cannot hold both what leaves by `{one}` and what leaves by `{other}`; name two files", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// A port.
        one: String,
        /// Another.
        other: String,
    },
    /// A capture to send and to fill.
    #[error("`{}` is sent, and would be written over; name another file for what leaves", .0.display())]
    Overwritten(PathBuf),
    /// Frames go round.
    #[error("{0}; a promise `no loop` shows where")]
    Unsettled(#[from] Unsettled),
    /// A capture cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl TrafficError {
    /// How a run that fails so ends.
    pub fn exit(&self) -> Exit {
        match self {
            TrafficError::Port(..) | TrafficError::Twice { .. } | TrafficError::Overwritten(_) => Exit::Usage,
            TrafficError::Pcap { .. } | TrafficError::Link { .. } | TrafficError::Unsettled(_) => Exit::Findings,
            TrafficError::Read { .. } | TrafficError::Write(_) => Exit::Environment,
        }
    }
}

impl Traffic {
    /// Reads the captures to send and notes those to fill.
    ///
    /// # Errors
    /// When a port does not exist or a capture cannot be used.
    pub fn read(service: &Service, sent: &[PcapAt], kept: &[PcapAt]) -> Result<Traffic, TrafficError> {
        let mut traffic = Traffic::default();
        for capture in sent {
            traffic.arrivals.extend(arrivals(service, capture)?);
        }
        // Captures that say nothing of each other's order come in the order of the command line.
        traffic.arrivals.sort_by_key(|arrival| arrival.time);
        expect_different(kept)?;
        expect_kept_apart(sent, kept)?;
        for capture in kept {
            let (edge, stack) = find(service, &capture.port)?;
            files::expect_place(&capture.file)?;
            traffic.kept.push(Kept { edge, path: capture.file.clone(), link: link(stack), frames: Vec::new() });
        }
        Ok(traffic)
    }

    /// Sends everything, at most so many frames, and lets the service come to rest after each burst by one port.
    ///
    /// # Errors
    /// When frames go round in circles.
    pub fn pass(&mut self, service: &mut Service, count: Option<u64>) -> Result<(), TrafficError> {
        let most = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        let arrivals = &self.arrivals[..self.arrivals.len().min(most)];
        for run in arrivals.chunk_by(|a, b| a.edge == b.edge) {
            for burst in run.chunks(BURST) {
                send(service, burst);
                let kept = &mut self.kept;
                service.settle(VISITS, &mut |edge, time, bytes| {
                    let wanted = kept.iter_mut().filter(|k| k.edge == edge);
                    wanted.for_each(|k| k.frames.push((time, bytes.to_vec())));
                })?;
            }
        }
        Ok(())
    }

    /// Writes the captures.
    ///
    /// # Errors
    /// When one cannot be written; none is left half-written.
    pub fn write(&self) -> Result<(), TrafficError> {
        for Kept { path, link, frames, .. } in &self.kept {
            let frames = frames.iter().map(|(time, bytes)| (*time, bytes.as_slice()));
            files::write(path, &pcap::capture(*link, frames))?;
        }
        Ok(())
    }
}

/// No file is to hold what leaves by two ports; a device or a pipe may.
fn expect_different(kept: &[PcapAt]) -> Result<(), TrafficError> {
    let files = kept.iter().filter(|capture| !files::is_special(&capture.file));
    let files: Vec<(PathBuf, &PcapAt)> = files.map(|capture| (files::resolved(&capture.file), capture)).collect();
    for (at, (path, capture)) in files.iter().enumerate() {
        let clash = files[..at].iter().find(|(other, earlier)| other == path && earlier.port != capture.port);
        if let Some((_, earlier)) = clash {
            let (path, one, other) = (capture.file.clone(), earlier.port.clone(), capture.port.clone());
            return Err(TrafficError::Twice { path, one, other });
        }
    }
    Ok(())
}

/// No file is to be written that is sent; a device or a pipe may.
fn expect_kept_apart(sent: &[PcapAt], kept: &[PcapAt]) -> Result<(), TrafficError> {
    let sent: Vec<PathBuf> = sent.iter().map(|capture| files::resolved(&capture.file)).collect();
    let is_sent =
        |capture: &&PcapAt| !files::is_special(&capture.file) && sent.contains(&files::resolved(&capture.file));
    kept.iter().find(is_sent).map_or(Ok(()), |capture| Err(TrafficError::Overwritten(capture.file.clone())))
}

fn send(service: &mut Service, burst: &[Arrival]) {
    for Arrival { edge, time, bytes } in burst {
        match service.send(*edge, *time, bytes) {
            // What is refused is counted at the edge. A burst fits the queue.
            Ok(()) => {}
            Err(Unsent::Closed | Unsent::Elsewhere | Unsent::Malformed | Unsent::TooLong) => {}
            Err(Unsent::Dead | Unsent::Busy) => {}
        }
    }
}

fn arrivals(service: &Service, capture: &PcapAt) -> Result<Vec<Arrival>, TrafficError> {
    let (edge, stack) = find(service, &capture.port)?;
    let bytes = fs::read(&capture.file).map_err(|source| TrafficError::Read { path: capture.file.clone(), source })?;
    let read = pcap::read(&bytes).map_err(|source| TrafficError::Pcap { path: capture.file.clone(), source })?;
    if read.link != link(stack) {
        let (file, port) = (capture.file.clone(), capture.port.clone());
        return Err(TrafficError::Link { file, port, found: noun(read.link), wanted: noun(link(stack)) });
    }
    Ok(read.packets.into_iter().map(|(time, bytes)| Arrival { edge, time, bytes }).collect())
}

fn find(service: &Service, port: &str) -> Result<(usize, Stack), TrafficError> {
    let found = service.edges().enumerate().find(|(_, edge)| edge.name == port);
    found.map(|(at, edge)| (at, edge.stack)).ok_or_else(|| {
        let names: Vec<&str> = service.edges().map(|edge| edge.name.as_str()).collect();
        TrafficError::Port(port.to_owned(), names.join(", "))
    })
}

fn link(stack: Stack) -> LinkType {
    if stack.outermost == HeaderKind::Eth { LinkType::Ethernet } else { LinkType::Raw }
}

fn noun(link: LinkType) -> &'static str {
    match link {
        LinkType::Ethernet => "an Ethernet header",
        LinkType::Raw => "an IP header",
    }
}

/// `lan.pcap@lan`
///
/// # Errors
/// When there is no `@`, or nothing on one of its sides.
pub fn pcap_at(text: &str) -> Result<PcapAt, String> {
    match text.rsplit_once('@') {
        Some((file, port)) if !file.is_empty() && !port.is_empty() => {
            Ok(PcapAt { file: Path::new(file).to_owned(), port: port.to_owned() })
        }
        Some(_) | None => Err("write it as FILE@PORT, such as `lan.pcap@lan`".to_owned()),
    }
}
