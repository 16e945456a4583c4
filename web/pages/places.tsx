import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Door } from '#contract/api';
import type { MaintenanceWindow, RoomDetail, Zone } from '#contract/api-visit';
import { searchPeople } from '../api-people.ts';
import {
  addMaintenanceWindow,
  cancelMaintenanceWindow,
  maintenanceWindows,
  roomDetails,
  saveDoor,
  saveRoom,
  saveZone,
  zones as loadZones,
} from '../api-places.ts';
import { useApp, useMe } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { Icon } from '../parts/icon.tsx';
import { CheckField, ManyField, SelectField, TextField } from '../parts/inputs.tsx';
import { ListOf } from '../parts/list-of.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PlacesTabs } from '../parts/places-tabs.tsx';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { addDays, instantOf, wallTimeOf } from '../zone-time.ts';

const ID_PATTERN = '[a-z0-9]([a-z0-9\\-]{0,62}[a-z0-9])?';

type Asked =
  | { readonly kind: 'zone'; readonly zone: Zone | null }
  | { readonly kind: 'room'; readonly room: RoomDetail | null }
  | { readonly kind: 'door'; readonly door: Door | null };

/** Rooms, the zones they stand in, and the doors that lead into them. */
export function PlacesPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const zones = useLoad('zones', () => loadZones(app.api));
  const rooms = useLoad('rooms', () => roomDetails(app.api));
  const doors = useLoad('doors', () => app.api.doors());
  const [asked, setAsked] = useState<Asked | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const mayWrite = me.roles.includes('administrator');
  const zoneName = (id: string | null): string =>
    zones.data?.items.find((zone) => zone.id === id)?.name ?? desk.places.noZone;
  const roomName = (id: string): string => rooms.data?.items.find((room) => room.id === id)?.name ?? id;
  const done = (name: string): void => {
    setAsked(null);
    setSaid(desk.places.saved(name));
    void zones.reload();
    void rooms.reload();
    void doors.reload();
    void app.refreshPlaces();
  };
  const close = (): void => setAsked(null);
  const add = (wanted: Asked, word: string): JSX.Element | null =>
    mayWrite ? (
      <Button icon="plus" onClick={() => setAsked(wanted)}>
        {word}
      </Button>
    ) : null;
  const edit = (wanted: Asked, word: string, name: string): JSX.Element | null =>
    mayWrite ? (
      <Button label={`${word}: ${name}`} onClick={() => setAsked(wanted)}>
        {word}
      </Button>
    ) : null;
  return (
    <Page title={desk.places.title} lead={desk.places.lead}>
      <PlacesTabs current="/places" />
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <section class="block">
        <div class="block-head">
          <h2>{desk.places.rooms}</h2>
          {add({ kind: 'room', room: null }, desk.places.addRoom)}
        </div>
        <ListOf
          load={rooms}
          icon="door"
          empty={desk.places.roomsEmpty}
          emptyHint={desk.places.emptyText}
          row={(room) => (
            <div key={room.id} class="row">
              <span class="row-main">
                <span class="strong">{room.name}</span>
                <span class="soft small">
                  {zoneName(room.zoneId)} · <span class="mono">{room.id}</span>
                </span>
              </span>
              {room.isStrict ? (
                <Chip tone="info" icon="people">
                  {desk.places.strict}
                </Chip>
              ) : null}
              {room.needsVerification ? (
                <Chip tone="info" icon="check">
                  {desk.places.verified}
                </Chip>
              ) : null}
              {edit({ kind: 'room', room }, desk.places.editRoom, room.name)}
            </div>
          )}
        />
      </section>
      <section class="block">
        <div class="block-head">
          <h2>{desk.places.doors}</h2>
          {add({ kind: 'door', door: null }, desk.places.addDoor)}
        </div>
        <ListOf
          load={doors}
          icon="door"
          empty={desk.places.doorsEmpty}
          emptyHint={desk.places.emptyText}
          row={(door) => (
            <div key={door.id} class="row">
              <span class="row-icon">
                <Icon name="door" />
              </span>
              <span class="row-main">
                <span class="strong">{door.name}</span>
                <span class="soft small">
                  {roomName(door.roomId)} · {desk.places.gateway}: {door.gatewayId ?? desk.places.noGateway}
                </span>
              </span>
              {edit({ kind: 'door', door }, desk.places.editDoor, door.name)}
            </div>
          )}
        />
      </section>
      <section class="block">
        <div class="block-head">
          <h2>{desk.places.zones}</h2>
          {add({ kind: 'zone', zone: null }, desk.places.addZone)}
        </div>
        <ListOf
          load={zones}
          icon="shield"
          empty={desk.places.zonesEmpty}
          emptyHint={desk.places.emptyText}
          row={(zone) => (
            <div key={zone.id} class="row">
              <span class="row-main">
                <span class="strong">{zone.name}</span>
                <span class="soft small mono">{zone.id}</span>
              </span>
              <Chip tone={zone.class === 'exclusion' ? 'refused' : 'info'} icon="shield">
                {desk.places.zoneClasses[zone.class]}
              </Chip>
              {edit({ kind: 'zone', zone }, desk.places.editZone, zone.name)}
            </div>
          )}
        />
      </section>
      {asked?.kind === 'zone' ? <ZoneSheet zone={asked.zone} onDone={done} onClose={close} /> : null}
      {asked?.kind === 'room' ? (
        <RoomSheet room={asked.room} zones={zones.data?.items ?? []} onDone={done} onClose={close} />
      ) : null}
      {asked?.kind === 'door' ? (
        <DoorSheet door={asked.door} rooms={rooms.data?.items ?? []} onDone={done} onClose={close} />
      ) : null}
    </Page>
  );
}

interface SheetEnds {
  readonly onDone: (name: string) => void;
  readonly onClose: () => void;
}

function IdField(props: {
  readonly value: string;
  readonly onValue: (id: string) => void;
  readonly fault: string | undefined;
}): JSX.Element {
  const desk = useDeskWords();
  return (
    <TextField
      label={desk.places.id}
      hint={desk.places.idHint}
      fault={props.fault}
      value={props.value}
      onValue={props.onValue}
      pattern={ID_PATTERN}
      isMono
      isRequired
    />
  );
}

function ZoneSheet(props: SheetEnds & { readonly zone: Zone | null }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const [id, setId] = useState(props.zone?.id ?? '');
  const [name, setName] = useState(props.zone?.name ?? '');
  const [zoneClass, setZoneClass] = useState<Zone['class']>(props.zone?.class ?? 'controlled');
  return (
    <ActSheet
      title={props.zone === null ? desk.places.addZone : desk.places.editZone}
      confirm={desk.common.save}
      act={() => saveZone(app.api, id, { name: name.trim(), class: zoneClass })}
      onDone={(zone) => props.onDone(zone.name)}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          {props.zone === null ? <IdField value={id} onValue={setId} fault={faultOf('/id')} /> : null}
          <TextField
            label={desk.places.name}
            fault={faultOf('/name')}
            value={name}
            onValue={setName}
            maxLength={120}
            isRequired
          />
          <SelectField
            label={desk.places.zoneClass}
            value={zoneClass}
            onValue={(value) => setZoneClass(value as Zone['class'])}
            options={Object.entries(desk.places.zoneClasses)}
          />
        </>
      )}
    </ActSheet>
  );
}

function RoomSheet(
  props: SheetEnds & { readonly room: RoomDetail | null; readonly zones: readonly Zone[] },
): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { room } = props;
  const [id, setId] = useState(room?.id ?? '');
  const [name, setName] = useState(room?.name ?? '');
  const [zoneId, setZoneId] = useState(room?.zoneId ?? '');
  const [isStrict, setIsStrict] = useState(room?.isStrict ?? false);
  const [needsVerification, setNeedsVerification] = useState(room?.needsVerification ?? true);
  const [officials, setOfficials] = useState<readonly string[]>(room?.officials ?? []);
  const people = useLoad('officials', () => searchPeople(app.api, {}));
  const choices = (people.data?.items ?? [])
    .filter(({ roles, id: each }) => roles.includes('supervisor') || officials.includes(each))
    .map(({ id: each, name: word }) => [each, word] as const);
  return (
    <ActSheet
      title={room === null ? desk.places.addRoom : desk.places.editRoom}
      confirm={desk.common.save}
      act={() =>
        saveRoom(app.api, id, {
          name: name.trim(),
          zoneId: zoneId === '' ? null : zoneId,
          isStrict,
          needsVerification,
          officials: [...officials],
        })
      }
      onDone={(saved) => props.onDone(saved.name)}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          {room === null ? <IdField value={id} onValue={setId} fault={faultOf('/id')} /> : null}
          <TextField
            label={desk.places.name}
            fault={faultOf('/name')}
            value={name}
            onValue={setName}
            maxLength={120}
            isRequired
          />
          <SelectField
            label={desk.places.zone}
            value={zoneId}
            onValue={setZoneId}
            none={desk.places.noZone}
            options={props.zones.map((zone) => [zone.id, zone.name] as const)}
          />
          <div>
            <CheckField
              label={desk.places.needsVerification}
              isOn={needsVerification}
              onChange={setNeedsVerification}
            />
            <CheckField label={desk.places.isStrict} isOn={isStrict} onChange={setIsStrict} />
          </div>
          {people.problem === undefined ? null : <ProblemNotice problem={people.problem} />}
          <ManyField
            label={desk.places.officials}
            hint={desk.places.officialsHint}
            options={choices}
            chosen={officials}
            onChosen={setOfficials}
          />
        </>
      )}
    </ActSheet>
  );
}

function DoorSheet(
  props: SheetEnds & { readonly door: Door | null; readonly rooms: readonly RoomDetail[] },
): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { door, rooms } = props;
  const [id, setId] = useState(door?.id ?? '');
  const [name, setName] = useState(door?.name ?? '');
  const [roomId, setRoomId] = useState(door?.roomId ?? rooms[0]?.id ?? '');
  return (
    <ActSheet
      title={door === null ? desk.places.addDoor : desk.places.editDoor}
      confirm={desk.common.save}
      isReady={roomId !== ''}
      act={() => saveDoor(app.api, id, { name: name.trim(), roomId })}
      onDone={() => props.onDone(name.trim())}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          {door === null ? <IdField value={id} onValue={setId} fault={faultOf('/id')} /> : null}
          <TextField
            label={desk.places.name}
            fault={faultOf('/name')}
            value={name}
            onValue={setName}
            maxLength={120}
            isRequired
          />
          <SelectField
            label={desk.places.room}
            value={roomId}
            onValue={setRoomId}
            options={rooms.map((room) => [room.id, room.name] as const)}
            isRequired
          />
        </>
      )}
    </ActSheet>
  );
}

/** When maintenance is announced: third parties may come within it. */
export function MaintenancePage(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const windows = useLoad('maintenance', () => maintenanceWindows(app.api));
  const rooms = useLoad('rooms', () => roomDetails(app.api));
  const [isAdding, setIsAdding] = useState(false);
  const [asked, setAsked] = useState<MaintenanceWindow | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const done = (text: string): void => {
    setIsAdding(false);
    setAsked(null);
    setSaid(text);
    void windows.reload();
  };
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  return (
    <Page
      title={desk.places.title}
      lead={desk.places.lead}
      primary={
        <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
          {desk.places.addMaintenance}
        </Button>
      }
    >
      <PlacesTabs current="/places/maintenance" />
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <ListOf
        load={windows}
        icon="calendar"
        empty={desk.places.maintenanceEmpty}
        emptyHint={desk.places.maintenanceEmptyText}
        row={(window) => {
          const [from, until] = [Date.parse(window.from), Date.parse(window.until)];
          return (
            <div key={window.id} class="row">
              <span class="row-icon">
                <Icon name="calendar" />
              </span>
              <span class="row-main">
                <span class="strong">{window.name}</span>
                <span>{time.window(from, until, nowMs)}</span>
                <span class="soft small">
                  {rooms.data?.items.find(({ id }) => id === window.roomId)?.name ?? window.roomId} ·{' '}
                  {time.windowFromNow(from, until, nowMs)}
                </span>
              </span>
              {window.isCancelled ? (
                <Chip tone="neutral" icon="ban">
                  {desk.places.cancelled}
                </Chip>
              ) : (
                <Button label={`${desk.places.cancel}: ${window.name}`} onClick={() => setAsked(window)}>
                  {desk.places.cancel}
                </Button>
              )}
            </div>
          );
        }}
      />
      {isAdding ? (
        <WindowSheet
          rooms={rooms.data?.items ?? []}
          onDone={() => done(desk.places.maintenanceSaved)}
          onClose={() => setIsAdding(false)}
        />
      ) : null}
      {asked === null ? null : (
        <ActSheet
          title={`${desk.places.cancel}: ${asked.name}`}
          means={desk.places.cancelMeans}
          confirm={`${desk.places.cancel}: ${asked.name}`}
          isDanger
          act={() => cancelMaintenanceWindow(app.api, asked.id)}
          onDone={() => done(desk.places.maintenanceCancelled)}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function WindowSheet(props: {
  readonly rooms: readonly RoomDetail[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { timeZone } = app.time.value;
  const { rooms } = props;
  const [name, setName] = useState('');
  const [roomId, setRoomId] = useState(rooms[0]?.id ?? '');
  const [date, setDate] = useState(addDays(wallTimeOf(app.nowMs.value, timeZone).date, 1));
  const [from, setFrom] = useState('20:00');
  const [until, setUntil] = useState('23:00');
  const fromMs = instantOf({ date, clock: from }, timeZone);
  const untilMs =
    fromMs === null || until === ''
      ? null
      : instantOf({ date: until <= from ? addDays(date, 1) : date, clock: until }, timeZone);
  return (
    <ActSheet
      title={desk.places.addMaintenance}
      confirm={desk.places.addMaintenance}
      isReady={fromMs !== null && untilMs !== null && roomId !== ''}
      act={() =>
        addMaintenanceWindow(app.api, {
          roomId,
          name: name.trim(),
          from: new Date(fromMs ?? 0).toISOString(),
          until: new Date(untilMs ?? 0).toISOString(),
        })
      }
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <TextField
            label={desk.places.name}
            fault={faultOf('/name')}
            value={name}
            onValue={setName}
            maxLength={120}
            isRequired
          />
          <SelectField
            label={desk.places.room}
            fault={faultOf('/roomId')}
            value={roomId}
            onValue={setRoomId}
            options={rooms.map((room) => [room.id, room.name] as const)}
            isRequired
          />
          <TextField label={desk.places.date} type="date" value={date} onValue={setDate} isRequired />
          <div class="field-pair">
            <TextField label={desk.places.fromClock} type="time" value={from} onValue={setFrom} isRequired />
            <TextField
              label={desk.places.untilClock}
              type="time"
              value={until}
              onValue={setUntil}
              isRequired
            />
          </div>
          <p class="field-hint">
            {fromMs === null || untilMs === null
              ? desk.places.untilNext
              : `${app.time.value.full(fromMs)} ${app.words.value.time.until} ${app.time.value.full(untilMs)}`}
          </p>
        </>
      )}
    </ActSheet>
  );
}
