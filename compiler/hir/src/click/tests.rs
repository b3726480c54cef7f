//! The table of classes, the library beside it, and what patterns mean.

use super::classes::{CLASSES, Model};
use super::pattern::condition;
use super::{Params, bytes};
use rdcl_base::NodeId;
use rdcl_syntax::ast::Name;
use rdcl_syntax::click::parse;
use std::collections::BTreeSet;

fn words(text: &str) -> Vec<Name> {
    text.split_whitespace().map(|word| Name { text: word.to_owned(), node: NodeId(0) }).collect()
}

fn said(text: &str) -> Result<String, String> {
    let params = Params::from([("inside".to_owned(), "Prefix".to_owned())]);
    condition(&words(text), NodeId(0), &params).map(|found| found.text).map_err(|fault| fault.message)
}

#[test]
fn classes_are_there_once_and_their_blocks_are_in_the_library() {
    let names: BTreeSet<&str> = CLASSES.iter().map(|class| class.name).collect();
    assert_eq!(names.len(), CLASSES.len());
    let library = rdcl_stdlib::SOURCES.iter().find(|source| source.module == "std::click").expect("it is there");
    for class in CLASSES {
        if let Model::Block(block) | Model::BlockOver(block) = class.model {
            assert!(library.text.contains(&format!("\nrfb {block}<")), "{block}");
        }
    }
}

#[test]
fn patterns_are_conditions() {
    let is = |text, expected: &str| assert_eq!(said(text).as_deref(), Ok(expected), "{text}");
    is("src host 10.0.0.1", "ip.src == 10.0.0.1");
    is("net 10/8", "(ip.src in 10.0.0.0/8 or ip.dst in 10.0.0.0/8)");
    is("src net 10.0.0.0 mask 255.0.0.0", "ip.src in 10.0.0.0/8");
    is("dst net $inside", "ip.dst in inside");
    is("tcp", "has tcp");
    is("tcp dst port 1024-65535", "has tcp and (tcp.dport in 1024..65535)");
    is("dst port 53", "(has tcp and (tcp.dport == 53)) or (has udp and (udp.dport == 53))");
    is("ip proto icmp", "ip.proto == 1");
    is("icmp type echo", "has icmp and icmp.type == 8");
    is("tcp opt syn && !tcp opt ack", "(has tcp and tcp.syn == 1) and (not (has tcp and tcp.ack == 1))");
    is("(tcp or udp) and not src host 1.2.3.4", "((has tcp) or (has udp)) and (not (ip.src == 1.2.3.4))");
    is("src and dst host 1.2.3.4", "(ip.src == 1.2.3.4 and ip.dst == 1.2.3.4)");
    is("tcp src port 80 or 443", "(has tcp and (tcp.sport == 80)) or (has tcp and (tcp.sport == 443))");
    is("src host 1.2.3.4 tcp", "(ip.src == 1.2.3.4) and (has tcp)");
    is("ip ttl < 5", "ip.ttl < 5");
    is("ip tos 0x2e", "ip.dscp == 11 and ip.ecn == 2");
    is("-", "1 == 1");
    for wrong in
        ["src", "src hots 1.2.3.4", "(tcp", "tcp)", "dst port 70000", "and", "", "src host 1.2.3", "net x", "ip ttl"]
    {
        assert!(said(wrong).is_err(), "{wrong}");
    }
    assert!(said(&format!("{}tcp", "( ".repeat(500))).is_err());
}

#[test]
fn any_pattern_is_answered() {
    let text = "src or dst net 10/8 mask 255.0.0.0 && !(tcp dst port 1-5 || icmp type echo) <= \u{e4} ? ip ttl==3";
    let all: Vec<&str> = text.split(' ').collect();
    for start in 0..all.len() {
        for end in start..=all.len() {
            _ = said(&all[start..end].join(" "));
        }
    }
    for word in ["12/\u{e4}", "!", "/", "12/0800%", "12/0800%ff", "99999999999/00", "12/0\u{e4}", "12/0800%\u{e4}a"] {
        let parsed = parse(&format!("Classifier({word})"));
        let flat = rdcl_syntax::click::flatten(&parsed.configuration);
        assert!(bytes::condition(&flat.elements[0].arguments[0], true).is_err(), "{word}");
    }
}
