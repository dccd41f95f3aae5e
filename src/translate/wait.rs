//! What a goroutine waits in, as far as a text dump and a profile both say it.

use crate::go_names::{CHANNEL_RECEIVE, CHANNEL_SEND, PARKING};
use crate::state::is_nil_channel;

/// A way of waiting, which stands for the frames that the runtime has on top of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It does not wait, or in frames that are shown.
    Nothing,
    Send,
    SendNil,
    Receive,
    ReceiveNil,
    Select,
    SelectNothing,
    Semaphore,
    Network,
    Signal,
    C,
    Coroutine,
    /// Parked, in a frame that is shown or for a reason of the runtime's own.
    Parked,
}

/// A line for frames that have none in the runtime's table of nil channels.
const SOME_LINE: u32 = 0;
/// A line where the runtime parks for nil channels in any version.
const NIL_LINE: u32 = 1;

impl Wait {
    /// The frames on top, leaf first, with lines.
    pub(super) fn frames(self) -> &'static [(&'static str, u32)] {
        const PARK: (&str, u32) = ("runtime.gopark", SOME_LINE);
        match self {
            Wait::Nothing => &[],
            Wait::Send => &[
                PARK,
                (CHANNEL_SEND, SOME_LINE),
                ("runtime.chansend1", SOME_LINE),
            ],
            Wait::SendNil => &[
                PARK,
                (CHANNEL_SEND, NIL_LINE),
                ("runtime.chansend1", SOME_LINE),
            ],
            Wait::Receive => &[
                PARK,
                (CHANNEL_RECEIVE, SOME_LINE),
                ("runtime.chanrecv1", SOME_LINE),
            ],
            Wait::ReceiveNil => &[
                PARK,
                (CHANNEL_RECEIVE, NIL_LINE),
                ("runtime.chanrecv1", SOME_LINE),
            ],
            Wait::Select => &[PARK, ("runtime.selectgo", SOME_LINE)],
            Wait::SelectNothing => &[PARK, ("runtime.block", SOME_LINE)],
            Wait::Semaphore => &[PARK, ("runtime.semacquire1", SOME_LINE)],
            Wait::Network => &[PARK, ("runtime.netpollblock", SOME_LINE)],
            Wait::Signal => &[("runtime.notetsleepg", SOME_LINE)],
            Wait::C => &[("runtime.cgocall", SOME_LINE)],
            Wait::Coroutine => &[("runtime.coroswitch", SOME_LINE)],
            Wait::Parked => &[PARK],
        }
    }

    /// What the innermost frame that a dump shows says alone.
    pub(super) fn of_shown(function: &str) -> Option<Self> {
        let syscalls = [
            "syscall.",
            "internal/runtime/syscall",
            "runtime/internal/syscall",
            "internal/syscall/",
        ];
        Some(match function {
            "time.Sleep" | "sync.runtime_notifyListWait" => Wait::Parked,
            "internal/poll.runtime_pollWait" => Wait::Network,
            "os/signal.signal_recv" => Wait::Signal,
            _ if function.starts_with("sync.runtime_Semacquire") => Wait::Semaphore,
            _ if function.starts_with("internal/sync.runtime_Semacquire") => Wait::Semaphore,
            _ if syscalls.iter().any(|start| function.starts_with(start)) => Wait::Nothing,
            _ => return None,
        })
    }

    /// What the state in a header says.
    pub(super) fn of_state(state: &str) -> Self {
        match state {
            "chan send" => Wait::Send,
            "chan send (nil chan)" => Wait::SendNil,
            "chan receive" => Wait::Receive,
            "chan receive (nil chan)" => Wait::ReceiveNil,
            "select" => Wait::Select,
            "select (no cases)" => Wait::SelectNothing,
            "semacquire" => Wait::Semaphore,
            "IO wait" => Wait::Network,
            "syscall" => Wait::C,
            "coroutine" => Wait::Coroutine,
            // Not waiting, or about to go on.
            "running" | "runnable" | "preempted" | "copystack" | "" => Wait::Nothing,
            _ => Wait::Parked,
        }
    }

    /// What the frames say that a dump hides, leaf first, with their lines.
    pub(super) fn of_hidden<'f>(mut frames: impl Iterator<Item = (&'f str, u32)> + Clone) -> Self {
        let is_parked = frames
            .clone()
            .any(|(function, _)| PARKING.contains(&function));
        let found = frames.find_map(|(function, line)| {
            Some(match function {
                CHANNEL_SEND if is_nil_channel(function, line) => Wait::SendNil,
                CHANNEL_SEND => Wait::Send,
                CHANNEL_RECEIVE if is_nil_channel(function, line) => Wait::ReceiveNil,
                CHANNEL_RECEIVE => Wait::Receive,
                "runtime.selectgo" => Wait::Select,
                "runtime.block" => Wait::SelectNothing,
                "runtime.semacquire1" => Wait::Semaphore,
                "runtime.netpollblock" => Wait::Network,
                "runtime.cgocall" => Wait::C,
                "runtime.notetsleepg" => Wait::Signal,
                _ if function.starts_with("runtime.coros") => Wait::Coroutine,
                _ => return None,
            })
        });
        let unknown = if is_parked {
            Wait::Parked
        } else {
            Wait::Nothing
        };
        found.unwrap_or(unknown)
    }
}
