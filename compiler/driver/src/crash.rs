//! When we are at fault: a panic becomes exit code 101, a message and a report file.

use crate::files;
use std::any::Any;
use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::path::PathBuf;

/// Replaces the panic message by a report file `rdclc-report-PID.txt` in the working directory and a line that names it.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let path = PathBuf::from(format!("rdclc-report-{}.txt", std::process::id()));
        let report = report(info);
        match files::write(&path, report.as_bytes()) {
            Ok(()) => eprintln!(
                "rdclc: internal error: {}\nthis is a bug; please report it with the file `{}`",
                message(info.payload()),
                path.display()
            ),
            Err(_) => eprintln!("rdclc: internal error; this is a bug, please report it\n{report}"),
        }
    }));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let place = info.location().map_or_else(String::new, ToString::to_string);
    format!(
        "rdclc {}\narguments: {arguments:?}\npanic: {}\nat: {place}\n\n{}\n",
        env!("CARGO_PKG_VERSION"),
        message(info.payload()),
        Backtrace::force_capture()
    )
}

fn message(payload: &dyn Any) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}
