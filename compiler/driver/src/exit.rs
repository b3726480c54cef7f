//! How a run ends: the exit codes other tools rely on, and which one wins when several apply.

/// The result of a run. Ordered by precedence: a later one wins over an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: nothing to complain about.
    #[default]
    Fine,
    /// 3: some property could be neither proved nor violated.
    Undecided,
    /// 1: errors in the source, violated properties.
    Findings,
    /// 2: the command line makes no sense.
    Usage,
    /// 4: something outside the input failed: a directory that cannot be written, a full disk.
    Environment,
    /// 101: a fault of ours.
    Bug,
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Undecided => 3,
            Exit::Environment => 4,
            Exit::Bug => 101,
        }
    }

    /// The one of two that wins.
    pub fn and(self, other: Exit) -> Exit {
        self.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_101_4_2_1_3_0() {
        let all = [Exit::Fine, Exit::Undecided, Exit::Findings, Exit::Usage, Exit::Environment, Exit::Bug];
        let mut seen: Vec<u8> = Vec::new();
        let mut left = all.to_vec();
        while !left.is_empty() {
            let winner = left.iter().fold(Exit::Fine, |a, b| a.and(*b));
            seen.push(winner.code());
            left.retain(|e| *e != winner);
        }
        assert_eq!(seen, [101, 4, 2, 1, 3, 0]);
    }
}
