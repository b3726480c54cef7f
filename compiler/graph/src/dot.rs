//! Graphs in the DOT language of Graphviz: composites are clusters, their ports small nodes, leaves tables with a row for
//! each port.
//!
//! Nodes are numbered in the order they are met, so no name can clash with another or break the syntax.

use crate::escape::{html, html_lines, quoted};
use crate::graph::{Block, Direction, End, Graph, Kind, Link, Part, Port, within};
use rdcl_hir::{Attribute, value_text};
use std::fmt::Write;

const HEAD: &str = r##"digraph rdcl {
  rankdir=LR; ranksep=0.5; nodesep=0.25; fontname="Helvetica,Arial,sans-serif"; fontsize=11; newrank=true;
  node [shape=plain; fontname="Helvetica,Arial,sans-serif"; fontsize=10; color="#5b6770"; fontcolor="#1c2429"];
  edge [fontname="Helvetica,Arial,sans-serif"; fontsize=9; color="#5b6770"; fontcolor="#3d474e"; arrowsize=0.6];
"##;

/// One digraph with a cluster for each graph.
pub fn dot<'a>(graphs: impl IntoIterator<Item = &'a Graph>) -> String {
    let mut drawing = Drawing { out: HEAD.to_owned(), nodes: 0, clusters: 0, level: 1 };
    for graph in graphs {
        drawing.service(&graph.service);
    }
    drawing.out.push_str("}\n");
    drawing.out
}

struct Drawing {
    out: String,
    nodes: usize,
    clusters: usize,
    /// How deep in clusters.
    level: usize,
}

/// What edges join: a table with ports, or a node for each port.
#[derive(Clone, Copy)]
enum Ends {
    Table(usize),
    Nodes(usize),
}

impl Ends {
    fn of(self, port: usize) -> String {
        match self {
            Ends::Table(node) => format!("n{node}:p{port}"),
            Ends::Nodes(first) => format!("n{}", first + port),
        }
    }
}

impl Drawing {
    fn line(&mut self, line: &str) {
        let indent = 2 * self.level;
        writeln!(self.out, "{:indent$}{line}", "").expect("a string takes all");
    }

    /// The number of the first of so many new nodes.
    fn fresh(&mut self, count: usize) -> usize {
        self.nodes += count;
        self.nodes - count
    }

    fn service(&mut self, block: &Block) {
        match block.kind {
            Kind::Composite => drop(self.composite(block, "", "")),
            Kind::Behaviour | Kind::Opaque | Kind::Filter | Kind::Balancer => {
                self.open(&title("", block), "");
                self.leaf(block, "", "");
                self.close();
            }
        }
    }

    fn part(&mut self, block: &Block, name: &str, path: &str) -> Ends {
        match block.kind {
            Kind::Composite => self.composite(block, name, path),
            Kind::Behaviour | Kind::Opaque | Kind::Filter | Kind::Balancer => self.leaf(block, name, path),
        }
    }

    fn composite(&mut self, block: &Block, name: &str, path: &str) -> Ends {
        self.open(&title(name, block), path);
        let own = Ends::Nodes(self.fresh(block.ports.len()));
        for (i, port) in block.ports.iter().enumerate() {
            let tooltip = quoted(&within(path, &port.name));
            self.line(&format!("{} [{}; tooltip={tooltip}];", own.of(i), boundary(port)));
        }
        let inner = |part: &Part| self.part(&part.block, &part.name, &within(path, &part.name));
        let parts: Vec<Ends> = block.parts.iter().map(inner).collect();
        for link in &block.links {
            let end = |end: End| end.part.map_or(own, |part| parts[part]).of(end.port);
            let (a, b) = (end(link.a), end(link.b));
            self.line(&format!("{a} -> {b} [{}];", edge(block, link)));
        }
        self.close();
        own
    }

    fn open(&mut self, label: &str, path: &str) {
        let fill = ["#f4f6f8", "#e8edf1", "#dce4ea", "#d0dae3"][(self.level - 1) % 4];
        let number = self.clusters;
        self.clusters += 1;
        self.line(&format!("subgraph cluster_{number} {{"));
        self.level += 1;
        self.line(&format!("label=<{label}>; tooltip={}; labeljust=l;", quoted(path)));
        self.line(&format!("style=\"rounded,filled\"; fillcolor=\"{fill}\"; color=\"#8794a0\"; margin=14;"));
    }

    fn close(&mut self) {
        self.level -= 1;
        self.line("}");
    }

    fn leaf(&mut self, block: &Block, name: &str, path: &str) -> Ends {
        let node = self.fresh(1);
        let table = table(block, name);
        self.line(&format!("n{node} [tooltip={}; label=<{table}>];", quoted(path)));
        Ends::Table(node)
    }
}

/// `<b>fw</b>  BranchFirewall`
fn title(name: &str, block: &Block) -> String {
    let rfb = rfb_lines(block);
    match name {
        "" => format!("<b>{rfb}</b>"),
        name => format!("<b>{}</b>  {rfb}", html(name)),
    }
}

fn rfb_lines(block: &Block) -> String {
    html_lines(block.rfb.as_deref().unwrap_or_default())
}

/// A port of a composite, seen from both sides.
fn boundary(port: &Port) -> String {
    let cell = format!("<td>{}</td>", port_text(port));
    let table =
        format!("<table border=\"1\" style=\"rounded\" bgcolor=\"#ffffff\" cellborder=\"0\">{}</table>", row(&cell));
    format!("label=<{table}>")
}

fn row(cells: &str) -> String {
    format!("<tr>{cells}</tr>")
}

fn port_text(port: &Port) -> String {
    format!("{} <font color=\"#6b7780\">{}</font>", html(&port.name), html(&port.stack.to_string()))
}

/// A leaf: its name, what it is, and a row for each port.
fn table(block: &Block, name: &str) -> String {
    let (color, about) = match block.kind {
        Kind::Filter | Kind::Balancer => {
            ("#f6e3b4", block.rules.iter().map(|rule| html(rule)).collect::<Vec<_>>().join("<br/>"))
        }
        Kind::Opaque => ("#d9d9d9", format!("{}<br/><i>opaque</i>", rfb_lines(block))),
        Kind::Behaviour | Kind::Composite => ("#c9ddf0", rfb_lines(block)),
    };
    let heading = if name.is_empty() { block.kind.word() } else { name };
    let title = format!("<td bgcolor=\"{color}\"><b>{}</b><br/>{about}</td>", html(heading));
    let port = |(i, port): (usize, &Port)| row(&format!("<td port=\"p{i}\">{}</td>", port_text(port)));
    let ports: String = block.ports.iter().enumerate().map(port).collect();
    let table = "<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"5\" bgcolor=\"#ffffff\">";
    format!("{table}{}{ports}</table>", row(&title))
}

/// An arrow where packets pass one way only, and what the wire promises.
fn edge(block: &Block, link: &Link) -> String {
    let dir = match (flow(block, link.a), flow(block, link.b)) {
        (Direction::Out, _) | (_, Direction::In) => "forward",
        (Direction::In, _) | (_, Direction::Out) => "back",
        (Direction::InOut, Direction::InOut) => "none",
    };
    if link.attributes.is_empty() {
        return format!("dir={dir}");
    }
    let promises = link.attributes.iter().map(promise).collect::<Vec<_>>().join("<br/>");
    format!("dir={dir}; label=<{promises}>")
}

/// Which way packets pass an end, seen from the wire: `Out` where they come out of it.
fn flow(block: &Block, end: End) -> Direction {
    let port = |block: &Block| block.ports.get(end.port).map_or(Direction::InOut, |port| port.direction);
    match end.part.and_then(|part| block.parts.get(part)) {
        Some(part) => port(&part.block),
        None => match port(block) {
            Direction::In => Direction::Out,
            Direction::Out => Direction::In,
            Direction::InOut => Direction::InOut,
        },
    }
}

fn promise(attribute: &Attribute) -> String {
    html(&value_text(&attribute.value))
}
