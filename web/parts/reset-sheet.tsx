import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { finishReset } from '../api-sign-in.ts';
import { useApp } from '../app-state.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { ActSheet } from './act-sheet.tsx';
import { NewPasswordField } from './desk-fields.tsx';
import { TextField } from './inputs.tsx';

/** Where the one-time code of an administrator becomes a password of one's own. @see rule W63 */
export function ResetSheet(props: {
  readonly onDone: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords().security;
  const [token, setToken] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const isSame = password === again;
  return (
    <ActSheet
      title={desk.resetTitle}
      means={desk.resetMeans}
      confirm={desk.resetConfirm}
      isReady={token.trim() !== '' && password !== '' && isSame}
      act={() => finishReset(app.api, token.trim(), password)}
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <TextField
            label={desk.resetCode}
            fault={faultOf('/token')}
            value={token}
            onValue={setToken}
            maxLength={200}
            isMono
            isRequired
          />
          <NewPasswordField
            label={desk.newPassword}
            hint={desk.newPasswordHint}
            fault={faultOf('/password')}
            value={password}
            onValue={setPassword}
          />
          <NewPasswordField
            label={desk.repeatPassword}
            fault={again !== '' && !isSame ? desk.notSame : undefined}
            value={again}
            onValue={setAgain}
          />
        </>
      )}
    </ActSheet>
  );
}
