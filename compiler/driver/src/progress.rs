//! The progress line: after 300 ms of work, on a terminal, what is being worked on.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_millis(300);

/// Shows a line on standard error while it lives, if standard error is a terminal.
pub struct Progress {
    worker: Option<(Sender<Message>, JoinHandle<()>)>,
}

/// What the thread is told.
enum Message {
    /// This is being worked on.
    Say(String),
    /// Something else is about to be written; say when the line is gone.
    Hide(Sender<()>),
}

impl Progress {
    /// Starts the clock.
    pub fn start() -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress { worker: None };
        }
        let (sender, receiver) = mpsc::channel();
        Progress { worker: Some((sender, std::thread::spawn(move || show(&receiver)))) }
    }

    /// Says what is being worked on from now on.
    pub fn say(&self, what: String) {
        if let Some((sender, _)) = &self.worker {
            // The thread ends before its sender only by a panic of its own; progress is then not shown.
            let _ = sender.send(Message::Say(what));
        }
    }

    /// Removes the line until something is said again.
    pub fn hide(&self) {
        if let Some((sender, _)) = &self.worker {
            let (done, gone) = mpsc::channel();
            if sender.send(Message::Hide(done)).is_ok() {
                let _ = gone.recv();
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.worker.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// Keeps silent for [`PATIENCE`], then shows the latest message until the sender is gone.
fn show(messages: &Receiver<Message>) {
    let end = Instant::now() + PATIENCE;
    let mut latest = String::new();
    loop {
        match messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(message) => take(message, &mut latest),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    draw(&latest);
    while let Ok(message) = messages.recv() {
        let hides = matches!(message, Message::Hide(_));
        if hides {
            draw("");
        }
        take(message, &mut latest);
        if !hides {
            draw(&latest);
        }
    }
    draw("");
}

fn take(message: Message, latest: &mut String) {
    match message {
        Message::Say(what) => *latest = what,
        Message::Hide(done) => {
            latest.clear();
            let _ = done.send(());
        }
    }
}

fn draw(text: &str) {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "\r\x1b[K{text}");
    let _ = stderr.flush();
}
