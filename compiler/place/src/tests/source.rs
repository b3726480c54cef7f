//! What programs come to.

use super::World;

#[test]
fn the_branch_fits_at_the_edge_and_in_the_cloud() {
    let text = include_str!("../../../../examples/branch/main.rdcl");
    let found = World::new(text).placed();
    assert_eq!(
        found,
        [
            "edge 2000..2000: nemo_lan@edge1 nemo_wan@edge1 fw@edge1/0 nat@edge1/0 \
             delay(lan -> wan) = 50us bandwidth(lan -> wan) = 200Mbps",
            "cloud 2000..2000: nemo_lan@dc nemo_wan@dc fw@dc/1 nat@dc/1 \
             delay(lan -> wan) = 600us bandwidth(lan -> wan) = 200Mbps",
        ]
    );
}

const PIPE: &str = "
    use std::net::Ip4;
    rfb Pipe {
      port inout a: Ip4;
      port inout b: Ip4;
      behaviour sefl { on a { Forward(b); } on b { Forward(a); } }
      impl slow  on kvm { cpu = 1core; memory = 8MiB; delay = 90us; }
      impl quick on kvm { cpu = 2core; memory = 4MiB; delay = 10us; }
    }
    substrate lab { ree one: kvm { cost = 5; } ree two: kvm { cost = 4; } link one <-> two { delay = 1ms; cost = 2; } }
";

fn placed(deployments: &str) -> Vec<String> {
    World::new(&format!("{PIPE}{deployments}")).placed()
}

#[test]
fn what_is_minimised_decides() {
    let found = placed(
        "deploy Pipe on lab as c minimize cpu;
         deploy Pipe on lab as m minimize memory;
         deploy Pipe on lab as d minimize delay;
         deploy Pipe on lab as b minimize bandwidth;
         deploy Pipe on lab as k { a at one; } minimize cost;",
    );
    assert_eq!(
        found,
        [
            "c 1000..1000: Pipe@one/0",
            "m 4194304..4194304: Pipe@one/1",
            // Both ways, since no service level speaks of one.
            "d 20000..20000: Pipe@one/1",
            "b 0..0: Pipe@one/0",
            "k 5..5: Pipe@one/0",
        ]
    );
}

#[test]
fn an_opaque_block_forwards_between_all_its_ports() {
    let found = placed(
        "rfb Box { port in x: Ip4; port out y: Ip4; port inout z: Ip4; sla s: delay(x -> y) <= 5ms; sla t: delay(z -> y) < 5ms;
           impl p on process { image = \"box\"; delay = 3ms; } }
         rfb Back : Box { sla u: delay(y -> x) <= 5ms; }
         substrate hosts { ree here: process; }
         deploy Box on hosts minimize cpu;",
    );
    assert_eq!(
        found,
        ["Box 0..0: Box@here/0 delay(x -> y) = 3000000 delay(z -> y) = 3000000"].map(|t| t.replace("3000000", "3ms"))
    );
}

#[test]
fn no_maze_hides_that_there_is_no_way() {
    let ends = |i: usize| (0..7).filter(move |j| *j != i).map(move |j| if j < i { j } else { j - 1 }).enumerate();
    let wire = |i: usize, (n, at): (usize, usize)| {
        let other = if at < i { at } else { at + 1 };
        (i < other).then(|| format!("wire h[{i}].p[{n}] <-> h[{other}].p[{}];", if i < other { i } else { i - 1 }))
    };
    let wires: String = (0..7).flat_map(|i| ends(i).filter_map(move |end| wire(i, end))).collect();
    let text = format!(
        "rfb Box {{ port inout p[0..6]: Ip4; impl p on process {{ image = \"box\"; }} }}
         rfb Maze {{ port inout a: Ip4; port inout b: Ip4; part h[0..6]: Box; part end: Box; {wires}
           wire a <-> h[0].p[6]; wire b <-> end.p[0]; sla s: delay(a -> b) <= 5ms; }}
         substrate hosts {{ ree here: process; }}
         deploy Maze on hosts minimize cpu;"
    );
    assert_eq!(placed(&text), ["Maze: E0708 no packet gets from `a` to `b`, so delay(a -> b) is not there"]);
}

#[test]
fn a_way_may_pass_a_block_twice_but_turns_round_nowhere() {
    let tee = "
        rfb Tee { port inout p[0..2]: Ip4; behaviour sefl { on p { Flood(p); } } impl g on kvm { delay = 100us; } }
        rfb Echo { port inout a: Ip4; port inout b: Ip4;
          behaviour sefl { on a { If(ip.ttl > 9, Forward(a), Forward(b)); } on b { Forward(b); } }
          impl g on kvm { delay = 7us; } }
        rfb Probed { port inout a: Ip4; port inout b: Ip4; part tee: Tee; part echo: Echo;
          wire a <-> tee.p[0]; wire tee.p[1] <-> b; wire tee.p[2] <-> echo.a;
          sla s: delay(a -> b) <= 5ms; }
        rfb Router { port inout p[0..3]: Ip4; behaviour sefl { on p { Flood(p); } } impl g on kvm { delay = 100us; } }
        rfb OnAStick { port inout a: Ip4; port inout b: Ip4; part router: Router; part pipe: Pipe;
          wire a <-> router.p[0]; wire router.p[1] <-> b; wire router.p[2] <-> pipe.a; wire pipe.b <-> router.p[3];
          sla s: delay(a -> b) <= 5ms; }
        deploy Probed on lab minimize cpu;
        deploy OnAStick on lab minimize cpu;";
    assert_eq!(
        placed(tee),
        [
            "Probed 0..0: tee@one/0 echo@one/0 delay(a -> b) = 100us",
            "OnAStick 1000..1000: router@one/0 pipe@one/0 delay(a -> b) = 290us",
        ]
    );
}

const LINE: &str = "
    rfb Line { port inout a: Ip4; port inout b: Ip4; part one: Pipe; part two: Pipe;
      wire a <-> one.a; wire one.b <-> two.a { bandwidth = 1Gbps; } wire two.b <-> b; }
    environment Rack { cost = 10; }
    environment Vm : kvm in Rack { cpu = 2core; memory = 1GiB; }
";

fn placed_lines(rest: &str) -> Vec<String> {
    placed(&format!("{LINE}{rest}"))
}

#[test]
fn what_runs_in_an_environment_counts_against_all_it_runs_in() {
    let found = placed_lines(
        "substrate hall { ree rack: Rack { cpu = 3core; } ree left: Vm in rack { cost = 1; } ree right: Vm in rack { cost = 2; }
                          ree away: kvm; link rack <-> away { delay = 1ms; bandwidth = 10Gbps; } }
         substrate room { ree rack: Rack { cpu = 2core; memory = 12MiB; } ree left: Vm in rack; ree right: Vm in rack; }
         rfb Two : Line { policy p { apart one, two; } }
         rfb Far : Line { sla far: delay(a -> b) <= 10ms; }
         deploy Line on hall as cost minimize cost;
         deploy Line on room as full minimize memory;
         deploy Two on hall as apart minimize cost;
         deploy Far on hall as far { a at away; b at away; one at left; two at right; } minimize cpu;"
            .replace("as full", "as packed")
            .as_str(),
    );
    assert_eq!(
        found,
        [
            // Only outside the rack is there nothing to pay.
            "cost 0..0: one@away/0 two@away/0",
            // Two that take one core take more memory, and the other way round.
            "packed: E0707 `rack` has 2core of cpu, and at least 3core are needed there; \
             E0707 `rack` has 12MiB of memory, and at least 16MiB are needed there",
            // One is outside: over the link, the other pays for its environment and for the rack.
            "apart 11..11: one@left/0 two@away/0 [0]",
            // Over the rack's link and back; none between left and right.
            "far 2000..2000: one@left/0 two@right/0 [0] [0] delay(a -> b) = 2.18ms",
        ]
    );
}

#[test]
fn policies_decide_where_parts_run() {
    let found = placed_lines(
        "substrate zones { ree a1: kvm { zone = \"a\"; } ree a2: kvm { zone = \"a\"; } ree b1: kvm { zone = \"b\"; }
                           link a1 <-> a2 { bandwidth = 10Gbps; } link a2 <-> b1 { bandwidth = 10Gbps; } }
         rfb Zoned : Line { policy p { apart one, two by zone; keep two in zone \"a\"; } }
         rfb Wished : Line { policy p { prefer apart one, two; } }
         rfb Firm : Line { policy p { prefer apart one, two; together one, two by zone; } }
         rfb Both { port inout a: Ip4; port inout b: Ip4; part left: Wished; part right: Pipe;
           wire a <-> left.a; wire left.b <-> right.a; wire right.b <-> b;
           policy q { together left, right by zone; keep right in zone \"b\", \"c\"; } }
         rfb Roomy : Line { policy p { spare cpu = 50%; } }
         substrate small { ree only: kvm { cpu = 4core; } }
         deploy Zoned on zones minimize cpu;
         deploy Wished on zones minimize cpu;
         deploy Wished on zones as narrow minimize bandwidth;
         deploy Firm on zones minimize cpu;
         deploy Both on zones minimize cpu;
         deploy Roomy on small minimize memory;",
    );
    assert_eq!(
        found,
        [
            "Zoned 2000..2000: one@b1/0 two@a1/0 [1, 0]",
            "Wished 2000..2000: one@a1/0 two@a2/0 [0]",
            // A wish never makes what is minimised greater.
            "narrow 0..0: one@a1/0 two@a1/0",
            "Firm 2000..2000: one@a1/0 two@a2/0 [0]",
            "Both 3000..3000: left.one@b1/0 left.two@b1/0 right@b1/0",
            "Roomy 16777216..16777216: one@only/0 two@only/0",
        ]
    );
}
