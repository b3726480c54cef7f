//! Patterns of names.

/// Whether a name matches a pattern in which `*` stands for any letters, none included, and `?` for one.
///
/// Linear in pattern times name: only the last `*` is ever tried again.
///
/// ```
/// use rdcl_base::matches_glob;
/// assert!(matches_glob("tmp*", "tmp-1") && matches_glob("?-*", "a-"));
/// assert!(!matches_glob("tmp?", "tmp"));
/// ```
pub fn matches_glob(glob: &str, name: &str) -> bool {
    let (glob, name) = (Vec::from_iter(glob.chars()), Vec::from_iter(name.chars()));
    let (mut g, mut n, mut retry) = (0, 0, None);
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                retry = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (g, n) = (g + 1, n + 1),
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (g, n) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}
