import type { PageTexts } from '../page-text';

export const DE: PageTexts = {
  connected: (provider) => ({
    title: provider ? `${provider} ist verbunden` : 'Ihr Gerät ist verbunden',
    paragraphs: ['Sie können dieses Fenster schließen und zur App zurückkehren.'],
  }),
  pending: (provider) => ({
    title: 'Fast geschafft',
    paragraphs: [
      `Wir warten darauf, dass ${provider ?? 'Ihr Anbieter'} die Verbindung bestätigt. Diese Seite prüft es alle paar Sekunden erneut.`,
      'Wenn Sie eine App auf dem Telefon gewählt haben, zum Beispiel Apple Health, schließen Sie den Vorgang bitte dort ab. Sie können dieses Fenster jederzeit schließen: Es geht nichts verloren.',
    ],
  }),
  failed: (provider) => ({
    title: `${provider ?? 'Ihr Gerät'} konnte nicht verbunden werden`,
    paragraphs: [
      'Es wurde nichts verbunden. Bitte gehen Sie zur App zurück und versuchen Sie es noch einmal.',
      `Wenn ${provider ?? 'der Anbieter'} nach Berechtigungen fragt, erlauben Sie bitte alle, die nötig sind.`,
    ],
  }),
  cancelled: (provider) => ({
    title: 'Sie haben abgebrochen',
    paragraphs: [
      `${provider ?? 'Ihr Gerät'} wurde nicht verbunden. Sie können jederzeit zur App zurückgehen und neu beginnen.`,
    ],
  }),
  unknownLink: {
    title: 'Dieser Link funktioniert nicht',
    paragraphs: [
      'Der Link ist vielleicht unvollständig. Bitte gehen Sie zur App zurück und wählen Sie noch einmal „Verbinden“.',
    ],
  },
  spentLink: {
    title: 'Dieser Link wurde schon benutzt',
    paragraphs: [
      'Jeder Link funktioniert einmal. Um ein weiteres Gerät zu verbinden, gehen Sie bitte zur App zurück und beginnen Sie neu.',
    ],
  },
  expiredLink: {
    title: 'Dieser Link ist abgelaufen',
    paragraphs: [
      'Zu Ihrer Sicherheit funktionieren Links nur eine begrenzte Zeit. Bitte gehen Sie zur App zurück und beginnen Sie neu.',
      'Wenn Sie diesen Link in einer Nachricht bekommen haben, bitten Sie den Absender um einen neuen.',
    ],
  },
  renewableLink: {
    title: 'Dieser Link ist abgelaufen',
    paragraphs: [
      'Zu Ihrer Sicherheit funktionieren Links nur eine begrenzte Zeit. Hier bekommen Sie einen neuen und können sofort weitermachen.',
    ],
  },
  renewedLink: {
    title: 'Ihr neuer Link ist bereit',
    paragraphs: ['Sie können Ihr Gerät jetzt verbinden.'],
  },
  tooManyRequests: {
    title: 'Bitte warten Sie einen Moment',
    paragraphs: ['Es gab zu viele Anfragen. Bitte warten Sie eine Minute und laden Sie diese Seite neu.'],
  },
  serviceFailed: {
    title: 'Etwas ist schiefgegangen',
    paragraphs: [
      'Sie haben nichts falsch gemacht. Bitte warten Sie einen Moment und laden Sie diese Seite neu.',
    ],
  },
  backToApp: 'Zurück zur App',
  getNewLink: 'Neuen Link anfordern',
  continue: 'Weiter',
};
