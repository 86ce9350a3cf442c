import type { PageTexts } from '../page-text';

export const JA: PageTexts = {
  connected: (provider) => ({
    title: `${provider ?? 'デバイス'}の接続が完了しました`,
    paragraphs: ['このウィンドウを閉じて、アプリに戻ってください。'],
  }),
  pending: (provider) => ({
    title: 'もう少しで完了します',
    paragraphs: [
      `${provider ?? 'プロバイダー'}からの接続の確認を待っています。このページは数秒ごとに自動で再確認します。`,
      'Appleヘルスケアなどのスマートフォンのアプリを選んだ場合は、そのアプリで操作を完了してください。このウィンドウはいつ閉じても問題ありません。',
    ],
  }),
  failed: (provider) => ({
    title: `${provider ?? 'デバイス'}を接続できませんでした`,
    paragraphs: [
      '何も接続されていません。アプリに戻って、もう一度お試しください。',
      `${provider ?? 'プロバイダー'}からアクセス許可を求められたら、必要なものをすべて許可してください。`,
    ],
  }),
  cancelled: (provider) => ({
    title: 'キャンセルしました',
    paragraphs: [
      `${provider ?? 'デバイス'}は接続されていません。いつでもアプリに戻って、もう一度始めることができます。`,
    ],
  }),
  unknownLink: {
    title: 'このリンクは使用できません',
    paragraphs: [
      'リンクが途中で切れている可能性があります。アプリに戻って、もう一度「接続」を選んでください。',
    ],
  },
  spentLink: {
    title: 'このリンクはすでに使用されています',
    paragraphs: [
      '各リンクは一度だけ使用できます。別のデバイスを接続するには、アプリに戻って、もう一度始めてください。',
    ],
  },
  expiredLink: {
    title: 'このリンクの有効期限が切れています',
    paragraphs: [
      '安全のため、リンクの有効期間は限られています。アプリに戻って、もう一度始めてください。',
      'メッセージでこのリンクを受け取った場合は、送信者に新しいリンクを依頼してください。',
    ],
  },
  renewableLink: {
    title: 'このリンクの有効期限が切れています',
    paragraphs: [
      '安全のため、リンクの有効期間は限られています。ここで新しいリンクを取得して、すぐに続けることができます。',
    ],
  },
  renewedLink: {
    title: '新しいリンクの準備ができました',
    paragraphs: ['デバイスを接続できます。'],
  },
  tooManyRequests: {
    title: 'しばらくお待ちください',
    paragraphs: ['リクエストが多すぎます。1分ほど待ってから、このページを再読み込みしてください。'],
  },
  serviceFailed: {
    title: '問題が発生しました',
    paragraphs: ['お客様の操作に問題はありません。しばらく待ってから、このページを再読み込みしてください。'],
  },
  backToApp: 'アプリに戻る',
  getNewLink: '新しいリンクを取得',
  continue: '続ける',
};
