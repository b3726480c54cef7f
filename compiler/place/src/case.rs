//! From a deployment to its model: what the source says, as numbers, and where it says so.

use crate::amount::amount;
use crate::candidates::{Whereabouts, candidates};
use crate::model::{Bound, End, Flow, Link, Measured, Model, Objective, Passage, Ree, Resource, WHOLE, Wire};
use crate::place::{end_name, leaf_name};
use crate::rules::{Asked, Spared, is_within, left, rules};
use crate::ways::{TooManyWays, Tracer};
use rdcl_core::Endpoint;
use rdcl_hir::{
    Attribute, Db, Deployment, FlatLink, Measure, Problem, ServiceLevels, Structure, Substrate, Value, Wiring,
};
use rdcl_hir::{attribute, service_levels, structure, substrate, wiring};

/// A deployment with its model.
pub struct Case<'db> {
    pub db: &'db dyn Db,
    pub deployment: &'db Deployment<'db>,
    pub substrate: &'db Substrate,
    pub structure: &'db Structure<'db>,
    pub wiring: &'db Wiring,
    /// The bounds of the model in the same order.
    pub levels: &'db ServiceLevels,
    /// For each leaf the pin that is about it.
    pub pins: Vec<Option<usize>>,
    /// For each boundary port the pin that is about it.
    pub outsides: Vec<Option<usize>>,
    /// For each rule of the model what it says in the source.
    pub asked: Vec<Asked>,
    /// What stays free of each resource.
    pub spared: Spared,
    pub model: Model,
}

impl<'db> Case<'db> {
    /// The model of a deployment, or what stands in its way before anything is solved.
    pub fn read(db: &'db dyn Db, deployment: &'db Deployment<'db>) -> Result<Case<'db>, Vec<Problem>> {
        let instance = deployment.instance;
        let mut case = Case {
            db,
            deployment,
            substrate: substrate(db, deployment.substrate),
            structure: structure(db, instance),
            wiring: wiring(db, instance),
            levels: service_levels(db, instance),
            pins: Vec::new(),
            outsides: Vec::new(),
            asked: Vec::new(),
            spared: [None; 3],
            model: Model::default(),
        };
        case.read_substrate();
        case.read_rules();
        case.read_pins();
        let problems = case.read_leaves();
        case.model.wires = case.wiring.links.iter().map(wire).collect();
        case.read_flows().map_err(|ways| vec![case.too_many(ways)])?;
        let problems = [problems, crate::explain::contradictions(&case)].concat();
        match problems.is_empty() {
            true if case.model.sums_fit() => Ok(case),
            true => Err(vec![crate::explain::too_great(&case)]),
            false => Err(problems),
        }
    }

    fn read_substrate(&mut self) {
        let ree = |ree: &rdcl_hir::Ree| Ree {
            offers: Resource::ALL.map(|r| number(&ree.attributes, r.name())),
            availability: number(&ree.attributes, "availability").unwrap_or(WHOLE),
            cost: number(&ree.attributes, "cost").unwrap_or(0),
            packet_rate: number(&ree.attributes, "packet_rate"),
            host: ree.host,
        };
        let link = |link: &rdcl_hir::Link| Link {
            a: link.a,
            b: link.b,
            bandwidth: number(&link.attributes, "bandwidth"),
            delay: number(&link.attributes, "delay").unwrap_or(0),
            availability: number(&link.attributes, "availability").unwrap_or(WHOLE),
            cost: number(&link.attributes, "cost").unwrap_or(0),
            passage: passage(&link.attributes),
        };
        self.model.rees = self.substrate.rees.iter().map(ree).collect();
        self.model.links = self.substrate.links.iter().map(link).collect();
    }

    /// Policies; what has to stay free is taken off what there is.
    fn read_rules(&mut self) {
        let (rules, spared) = rules(self.db, self.deployment.instance, self.structure, self.substrate);
        (self.model.rules, self.asked) = rules.into_iter().unzip();
        for ree in &mut self.model.rees {
            for (offer, spare) in ree.offers.iter_mut().zip(spared) {
                *offer = offer.map(|offer| spare.map_or(offer, |(share, _)| left(offer, share)));
            }
        }
        self.spared = spared;
    }

    /// The pin of the innermost part that holds a leaf counts.
    fn read_pins(&mut self) {
        let pins = &self.deployment.pins;
        let about = |path: &str| {
            let lengths = pins.iter().enumerate().filter(|(_, pin)| !pin.is_port).flat_map(|(i, pin)| {
                pin.what.iter().filter(|what| is_within(path, what)).map(move |what| (what.len(), i))
            });
            lengths.max().map(|(_, i)| i)
        };
        self.pins = self.structure.parts.iter().map(|(path, _)| about(path)).collect();
        let port = |name: &String| pins.iter().position(|pin| pin.is_port && pin.what.contains(name));
        self.outsides = self.structure.boundary.iter().map(|b| port(&b.name)).collect();
        self.model.outsides = self.outsides.iter().map(|pin| Some(pins[(*pin)?].ree)).collect();
    }

    fn read_leaves(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for i in 0..self.structure.parts.len() {
            let pin = self.pins[i].map(|pin| &self.deployment.pins[pin]);
            let around = Whereabouts { db: self.db, deployment: self.deployment, substrate: self.substrate, pin };
            match candidates(&around, &self.leaf_name(i), self.structure.parts[i].1, &self.wiring.parts[i]) {
                Ok(leaf) => self.model.leaves.push(leaf),
                Err(problem) => problems.push(*problem),
            }
        }
        problems
    }

    /// The flows that bounds speak of; for the delay as an objective all there are, if bounds speak of none.
    fn read_flows(&mut self) -> Result<(), TooManyWays> {
        let tracer = Tracer::new(self.db, self.structure, self.wiring);
        let mut model = std::mem::take(&mut self.model);
        for bound in &self.levels.bounds {
            let flow = match bound.flow {
                Some((a, b)) => Some(flow(&mut model, &tracer, (a.0 as usize, b.0 as usize))?),
                None => None,
            };
            let measured = match (bound.measure, flow) {
                (Measure::Delay, Some(flow)) => Measured::Delay(flow),
                (Measure::Bandwidth, Some(flow)) => Measured::Bandwidth(flow),
                (Measure::Availability, flow) => Measured::Availability(flow),
                (Measure::PacketRate, Some(flow)) => Measured::PacketRate(flow),
                (Measure::Loss, Some(flow)) => Measured::Loss(flow),
                // The checker gives all but availability a flow.
                (Measure::Delay | Measure::Bandwidth | Measure::PacketRate | Measure::Loss, None) => continue,
            };
            model.bounds.push(Bound { measured, op: bound.op, limit: bound.limit.amount });
        }
        if self.deployment.objective == "delay" && model.flows.is_empty() {
            let ports = || 0..self.structure.boundary.len();
            for ends in ports().flat_map(|a| ports().map(move |b| (a, b))).filter(|(a, b)| a != b) {
                flow(&mut model, &tracer, ends)?;
            }
        }
        model.objective = objective(&self.deployment.objective, &model);
        self.model = model;
        Ok(())
    }

    fn too_many(&self, TooManyWays { from, to, most }: TooManyWays) -> Problem {
        crate::explain::too_many_ways(self, &self.flow_name(from, to), most)
    }

    /// The path of a leaf; the name of the block where that is the whole service.
    pub fn leaf_name(&self, leaf: usize) -> String {
        leaf_name(self.db, self.deployment, leaf)
    }

    /// `lan -> wan`
    pub fn flow_name(&self, from: usize, to: usize) -> String {
        let name = |port: usize| self.structure.boundary.get(port).map_or("?", |b| b.name.as_str());
        format!("{} -> {}", name(from), name(to))
    }

    /// `fw.wan <-> nat.inside`
    pub fn wire_name(&self, wire: usize) -> String {
        let link = &self.wiring.links[wire];
        let name = |end| end_name(self.db, self.deployment, end);
        format!("{} <-> {}", name(link.a), name(link.b))
    }

    /// `edge1 <-> dc`
    pub fn link_name(&self, link: usize) -> String {
        let (link, rees) = (&self.substrate.links[link], &self.substrate.rees);
        format!("{} <-> {}", rees[link.a].name, rees[link.b].name)
    }

    /// `delay(lan -> wan)`
    pub fn measure_name(&self, bound: usize) -> String {
        let flow = |flow: usize| {
            let flow = &self.model.flows[flow];
            self.flow_name(flow.from, flow.to)
        };
        match self.model.bounds[bound].measured {
            Measured::Delay(of) => format!("delay({})", flow(of)),
            Measured::Bandwidth(of) => format!("bandwidth({})", flow(of)),
            Measured::Availability(of) => format!("availability({})", of.map(flow).unwrap_or_default()),
            Measured::PacketRate(of) => format!("packet_rate({})", flow(of)),
            Measured::Loss(of) => format!("loss({})", flow(of)),
        }
    }

    /// `<= 5ms`
    pub fn limit_text(&self, bound: usize) -> String {
        let written = &self.levels.bounds[bound];
        format!("{} {}", written.op.symbol(), amount(written.limit.amount, written.limit.dimension))
    }

    /// `delay(lan -> wan) <= 5ms`
    pub fn bound_text(&self, bound: usize) -> String {
        format!("{} {}", self.measure_name(bound), self.limit_text(bound))
    }
}

/// A numeric attribute, in the smallest unit.
pub fn number(attributes: &[Attribute], name: &str) -> Option<u64> {
    match attribute(attributes, name)? {
        Value::Quantity(quantity) => Some(quantity.amount),
        Value::Int(value) => Some(u64::try_from(*value).unwrap_or(u64::MAX)),
        Value::Bool(_)
        | Value::Str(_)
        | Value::Ipv4(_)
        | Value::Ipv6(_)
        | Value::Prefix6(..)
        | Value::Mac(_)
        | Value::Prefix(..)
        | Value::Range(..)
        | Value::Table(_)
        | Value::Stack(_) => None,
    }
}

/// What attributes say about packets that pass.
pub fn passage(attributes: &[Attribute]) -> Passage {
    Passage { packet_rate: number(attributes, "packet_rate"), loss: number(attributes, "loss").unwrap_or(0) }
}

fn wire(link: &FlatLink) -> Wire {
    let of = |name: &'static str| link.wires.iter().filter_map(move |origin| number(&origin.attributes, name));
    Wire {
        a: end(link.a),
        b: end(link.b),
        reserved: of("bandwidth").max().unwrap_or(0),
        delay: of("delay").fold(0, u64::saturating_add),
        passages: link.wires.iter().map(|origin| passage(&origin.attributes)).collect(),
    }
}

fn end(endpoint: Endpoint) -> End {
    match endpoint {
        Endpoint::Part(part, _) => End::Leaf(part.0 as usize),
        Endpoint::Boundary(port) => End::Outside(port.0 as usize),
    }
}

/// The position of a flow, which is traced if it is new.
fn flow(model: &mut Model, tracer: &Tracer, (from, to): (usize, usize)) -> Result<usize, TooManyWays> {
    if let Some(known) = model.flows.iter().position(|flow| (flow.from, flow.to) == (from, to)) {
        return Ok(known);
    }
    model.flows.push(Flow { from, to, ways: tracer.ways(from, to)? });
    Ok(model.flows.len() - 1)
}

/// What one of [`rdcl_hir::OBJECTIVES`] means.
fn objective(name: &str, model: &Model) -> Objective {
    match name {
        "memory" => Objective::Need(Resource::Memory),
        "bandwidth" => Objective::Bandwidth,
        "delay" => Objective::Delay((0..model.flows.len()).collect()),
        "cost" => Objective::Cost,
        _ => Objective::Need(Resource::Cpu),
    }
}
