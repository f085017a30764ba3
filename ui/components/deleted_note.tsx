/**
 * @module
 * That a name was an endpoint's once, and the way to its versions: what is deleted can be brought back from them.
 */
import { t } from "../i18n/translate.ts";
import { shortTime } from "../i18n/times.ts";
import { endpointPath } from "../router.ts";
import { now } from "../store/clock.ts";
import { useFormer } from "../store/endpoint_former.ts";
import { endpointsNamed } from "../store/endpoints.ts";
import { endpoints } from "../store/live.ts";
import { Link } from "./link.tsx";
import { Moment } from "./moment.tsx";

/** Below the name of what shall be made: the name has versions. Nothing where it has none, or is in use. */
export function DeletedNote({ name, pbx }: { name: string; pbx: string | null }) {
  const [former] = useFormer(name, [pbx]);
  // That a name is taken is said by what checks the form.
  if (!former || endpointsNamed(endpoints.value.values(), name, pbx).length) return null;
  const at = shortTime(Date.parse(former.at), now.value);
  return (
    <div class="conf-note is-warning" role="status" data-testid="config-deleted-note">
      <span>
        {t(former.deleted ? "config.former.deleted" : "config.former.known", { name, at })}{" "}
        <Link to={endpointPath(name, { pbx: pbx ?? undefined, part: "config" })} class="conf-link">
          {t("config.former.back")}
        </Link>
      </span>
    </div>
  );
}

/** On the page of an endpoint that is not there: when it was deleted, and where its versions are. */
export function DeletedVersions({ name, pbxs }: { name: string; pbxs: readonly (string | null)[] }) {
  const found = useFormer(name, pbxs);
  if (!found.length) return null;
  return (
    <ul class="former" data-testid="deleted-versions">
      {found.map(({ pbx, at, deleted }) => (
        <li key={pbx}>
          {pbx !== null && pbxs.length > 1 && <strong>{`${pbx}: `}</strong>}
          {deleted ? t("config.former.gone") : t("config.former.seen")} <Moment at={at} as="clock" />.{" "}
          <Link to={endpointPath(name, { pbx: pbx ?? undefined, part: "config" })} class="conf-link">
            {t("config.former.see")}
          </Link>
        </li>
      ))}
    </ul>
  );
}
