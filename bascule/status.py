"""Where a site stands: rung wanted, rung reached, account, last plan."""

from __future__ import annotations

from bascule import plans
from bascule.ladder import ALB_ORIGIN_ID, reached, steps
from bascule.observe import visitors_go_to
from bascule.session import Session, prepare


def status(session: Session) -> str:
    """A few lines for a person. Reads the state and the distribution; changes nothing in the account or the state."""
    attach_alone = session.site.service.health_check_grace_period is not None
    now, wanted = reached(prepare(session)), session.site.stage
    moved = visitors_go_to(session.clients, session.site) == ALB_ORIGIN_ID
    note = plans.read_note(session.directory)
    way = ", then ".join(stage.value for stage in steps(now, wanted, attach_alone=attach_alone))
    lines = [
        f"rung wanted:   {wanted}   ({session.workspace.site_file(session.name)})",
        f"rung reached:  {now}   (Terraform's state)",
        f"visitors get:  {'the application' if moved else 'the bucket'}   (CloudFront, now)",
        f"next:          {'nothing to climb, by the state' if now is wanted else f'`bascule plan`: {way}'}",
        f"last plan:     {f'to {note.step}, made {note.made}, not applied' if note else 'none saved'}",
    ]
    return "\n".join(lines)
